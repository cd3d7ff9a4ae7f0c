import { CanisterSink, DirectorySink, Repository, S3Sink, type Sink } from "../../backup/index.js";
import type { BlobClient } from "../../client/node/index.js";
import { UsageError } from "../command.js";
import type { ConnectionValues } from "../connect/options.js";
import {
	type FromSecretValues,
	KEY_SECRETS,
	KEY_SECRETS_HELP,
	type KeySecretValues,
} from "../keys/options.js";

/** Options of every repository command, for `parseArgs`. */
export const REPOSITORY = {
	repo: { type: "string", short: "r" },
	"repo-host": { type: "string" },
	"repo-identity": { type: "string" },
	"repo-local": { type: "boolean", default: false },
	"single-writer": { type: "boolean", default: false },
	json: { type: "boolean", default: false },
	quiet: { type: "boolean", short: "q", default: false },
	...KEY_SECRETS,
} as const;

export const REPOSITORY_HELP = `
  -r, --repo <place>    directory of the repository, s3://BUCKET/PREFIX, or
                        canister://ID/PREFIX; or the variable
                        CANISTER_BLOBS_REPOSITORY names it. Of a bucket
                        AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and
                        AWS_ENDPOINT_URL_S3 are read
      --repo-identity <file>, --repo-host <url>, --repo-local
                        for a repository in a canister: the Ed25519 key that writes it
                        (or the variable CANISTER_BLOBS_REPOSITORY_IDENTITY), and its
                        network, as --host and --local for a store
      --single-writer   accept a place that cannot create a file exclusively. Make sure
                        that never two processes write to it at a time
      --json            print lines of JSON; the last one tells how it ended
  -q, --quiet           print nothing but errors
Of an encrypted repository:
${KEY_SECRETS_HELP}`;

export interface RepositoryValues extends KeySecretValues {
	readonly repo?: string | undefined;
	readonly "repo-host"?: string | undefined;
	readonly "repo-identity"?: string | undefined;
	readonly "repo-local": boolean;
	readonly "single-writer": boolean;
}

export async function sinkOf(values: RepositoryValues): Promise<Sink> {
	const { repo = process.env.CANISTER_BLOBS_REPOSITORY } = values;
	if (repo === undefined || repo === "")
		throw new UsageError("which repository? Give --repo, or set CANISTER_BLOBS_REPOSITORY");
	if (repo.startsWith("s3://")) return bucketOf(repo);
	return repo.startsWith("canister://") ? canisterOf(repo, values) : new DirectorySink(repo);
}

async function canisterOf(repo: string, values: RepositoryValues): Promise<Sink> {
	const [, id, , prefix = ""] = /^canister:\/\/([^/]+)(\/(.*))?$/.exec(repo) ?? [];
	if (id === undefined)
		throw new UsageError(`--repo takes canister://ID/PREFIX, not ${JSON.stringify(repo)}`);
	const identity = values["repo-identity"] ?? process.env.CANISTER_BLOBS_REPOSITORY_IDENTITY;
	if (identity === undefined)
		throw new UsageError(
			"a repository in a canister needs --repo-identity, or CANISTER_BLOBS_REPOSITORY_IDENTITY",
		);
	const { "repo-host": host, "repo-local": local } = values;
	const { client, canister } = await connect({ canister: id, host, identity, local });
	return new CanisterSink({ client, prefix, name: `canister://${canister}/${prefix}` });
}

/** Access keys come from the environment only: every user of a machine can read its command lines. */
function bucketOf(repo: string): Sink {
	const [, bucket, , prefix = ""] = /^s3:\/\/([^/]+)(\/(.*))?$/.exec(repo) ?? [];
	if (bucket === undefined)
		throw new UsageError(`--repo takes s3://BUCKET/PREFIX, not ${JSON.stringify(repo)}`);
	const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
	if (!accessKeyId || !secretAccessKey)
		throw new UsageError("a bucket needs the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
	const region = process.env.AWS_REGION ?? "us-east-1";
	const endpoint =
		process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`;
	return new S3Sink({ endpoint, bucket, prefix, region, accessKeyId, secretAccessKey });
}

/** Secrets of a repository, requested only if it is encrypted. */
export const secretsOf = (values: RepositoryValues) => async () =>
	(await import("../keys/secrets.js")).keySecretsFrom(values, "Passphrase of the repository");

export const openRepository = async (values: RepositoryValues, writes: boolean): Promise<Repository> =>
	Repository.open(await sinkOf(values), {
		writes,
		singleWriter: values["single-writer"],
		secrets: secretsOf(values),
	});

/** The repository that `--from` names, with its own secrets if they are given. */
export const openOther = async (
	values: RepositoryValues & FromSecretValues,
	from: string,
): Promise<Repository> =>
	Repository.open(await sinkOf({ ...values, repo: from }), {
		secrets: async () => {
			const { keySecretsFrom } = await import("../keys/secrets.js");
			const own = await keySecretsFrom(values, "Passphrase of the other repository", "from-");
			return own.passphrase !== undefined || own.identities?.length ? own : secretsOf(values)();
		},
	});

export interface Store {
	readonly client: BlobClient;
	readonly canister: string;
}

/** The store to back up, or to restore into. */
export async function connect(values: ConnectionValues): Promise<Store> {
	// Loaded only here: most commands use no store.
	const { connectionOf } = await import("../connect/connect.js");
	const connection = await connectionOf(values);
	const { canisterId: canister, identity } = connection;
	return {
		client: connection.client(identity),
		canister,
	};
}

/** A whole number from an option. */
export function numberOf(name: string, text: string | undefined, min = 0): number | undefined {
	if (text === undefined) return undefined;
	const value = Number(text);
	if (/^\d+$/.test(text) && value >= min && Number.isSafeInteger(value)) return value;
	throw new UsageError(`--${name} takes a whole number from ${min} on, not ${JSON.stringify(text)}`);
}

const UNITS: Readonly<Record<string, number>> = {
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
	w: 604_800_000,
	y: 31_536_000_000,
};

/** A time such as `90m`, `26h`, `7d`, `4w` or `1y`, in milliseconds; 0 needs no unit. */
export function durationOf(name: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const [, digits, unit] = /^(\d+)([mhdwy]?)$/.exec(text) ?? [];
	const factor = unit === "" && digits === "0" ? 0 : UNITS[unit ?? ""];
	if (digits === undefined || factor === undefined)
		throw new UsageError(`--${name} takes a time such as 90m, 26h, 7d or 1y, not ${JSON.stringify(text)}`);
	return Number(digits) * factor;
}
