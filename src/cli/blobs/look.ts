/** `canister-blobs ls`, `stat` and `whoami`: content of a store, and the caller. */
import type { Manifest } from "../../client/node/index.js";
import { type Command, CommandError, parsed, parsedOptions, UsageError } from "../command.js";
import type { Connection } from "../connect/connect.js";
import { blobLine, reported, shownKey, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { asksSnapshot, folderOf, openStore, STORE, STORE_HELP } from "./options.js";

const LS_HELP = `Usage: canister-blobs ls [<prefix>] --canister <id> [options]
       canister-blobs ls [<prefix>] --snapshot <snapshot> --repo <place> [options]

Lists blobs and directories in order of their keys; directories end in /. With
--snapshot it lists all blobs of a snapshot in a backup repository.

  -R, --recursive         list all blobs below the prefix, and no directories
      --snapshot <name>   an id that \`canister-blobs snapshots\` prints, or latest; with
                          --canister the latest of that store
      --repo <place>      the repository, as for canister-blobs snapshots
${STORE_HELP}`;

const line = ({ key, size, modifiedAt }: Manifest): string => blobLine(key, size, modifiedAt.toISOString());

async function runLs(args: readonly string[]): Promise<number> {
	if (asksSnapshot(args)) return (await import("../backup/look.js")).listSnapshot(args);
	const { values, positionals } = parsed(args, {
		...STORE,
		recursive: { type: "boolean", short: "R", default: false },
	});
	const [prefix = "", second] = positionals;
	if (second !== undefined) throw new UsageError("ls takes one prefix of keys");
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		let [blobs, directories, bytes] = [0, 0, 0];
		for await (const entry of client.list({ prefix: folderOf(prefix), recursive: values.recursive })) {
			if (entry.type === "directory") {
				directories++;
				report.item(entry, `${" ".repeat(37)}${shownKey(entry.path)}`);
				continue;
			}
			blobs++;
			bytes += entry.blob.size;
			report.item({ type: "blob", ...entry.blob }, line(entry.blob));
		}
		return report.end(
			0,
			{ blobs, directories, bytes },
			`${counted(blobs, "blob")}, ${counted(bytes, "byte")}${values.recursive ? "" : `, ${counted(directories, "directory", "directories")}`}`,
		);
	});
}

const STAT_HELP = `Usage: canister-blobs stat <key> --canister <id> [options]

Shows the manifest of a blob: size, type, visibility, owner, times and metadata. The
network certifies all of it.

      --url               print the URL of a public blob, and nothing else
${STORE_HELP}`;

async function runStat(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, { ...STORE, url: { type: "boolean", default: false } });
	const [key, second] = positionals;
	if (key === undefined || second !== undefined) throw new UsageError("stat takes one key");
	return reported(values, async (report) => {
		const { client, connection } = await openStore(values);
		const manifest = await client.stat(key);
		const gateway = manifest.visibility === "public" ? gatewayOf(connection) : undefined;
		const url = gateway && gateway + pathOf(`${(await client.mode()).urlPrefix}/${manifest.key}`);
		if (values.url) {
			if (url === undefined)
				throw new CommandError(
					"no_url",
					`${shownKey(key)} has no URL: it is private, or the gateways of ${connection.host} are not known. ` +
						"See canister-blobs update --public, or canister-blobs serve.",
				);
			return report.end(0, { url }, url);
		}
		const { size, chunkBytes, contentType, visibility, owner, createdAt, modifiedAt, metadata, expiresAt } =
			manifest;
		const rows: [string, string][] = [
			["key", shownKey(key)],
			["size", `${counted(size, "byte")} (${sizeOf(size)}) in chunks of ${chunkBytes}`],
			["type", shownKey(contentType)],
			["visibility", visibility],
			...(url === undefined ? [] : [["url", url] as [string, string]]),
			["owner", String(owner)],
			["created", createdAt.toISOString()],
			["modified", modifiedAt.toISOString()],
			...(expiresAt === undefined ? [] : [["ends", expiresAt.toISOString()] as [string, string]]),
			...Object.entries(metadata).map(([name, value]): [string, string] => [name, shownKey(value)]),
		];
		return report.end(
			0,
			{ ...manifest, ...(url !== undefined && { url }) },
			rows.map(([name, value]) => `${name.padEnd(12)}${value}`).join("\n"),
		);
	});
}

/** The URL path of a key with its prefix, which begins with a slash or is empty. */
const pathOf = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** The gateway of a canister: mainnet's, or that of a local network. */
function gatewayOf({ canisterId, host }: Connection): string | undefined {
	const { protocol, hostname, port } = new URL(host);
	if (/(?:^|\.)(?:icp-api\.io|icp0\.io|ic0\.app)$/.test(hostname)) return `https://${canisterId}.icp0.io`;
	if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return undefined;
	return `${protocol}//${canisterId}.localhost${port && `:${port}`}`;
}

const WHOAMI_HELP = `Usage: canister-blobs whoami [--canister <id>] [options]

Shows the principal of an identity, which an administrator needs to give it a role. With
--canister, or on a local network with one canister, it also shows the roles, quota and
usage of the principal in the store.
${STORE_HELP}`;

const ANONYMOUS = "2vxsx-fae";

async function runWhoami(args: readonly string[]): Promise<number> {
	const values = parsedOptions(args, STORE);
	return reported(values, async (report) => {
		const { onlyCanister } = await import("../connect/target.js");
		const asksStore = Boolean(values.canister || process.env.CANISTER_BLOBS_CANISTER || onlyCanister(values));
		const store = asksStore ? await openStore(values) : undefined;
		// Called once: a protected key prompts for its password.
		const identity = store
			? store.connection.identity
			: await (await import("../connect/identities.js")).identityOf(values);
		if (identity === undefined)
			return report.end(
				0,
				{ principal: ANONYMOUS, anonymous: true },
				`${ANONYMOUS}: anonymous, who can read public blobs. To use an identity: --identity`,
			);
		const principal = identity.getPrincipal().toText();
		if (store === undefined) return report.end(0, { principal, anonymous: false }, principal);
		const { client, connection } = store;
		const { canisterId } = connection;
		const account = await client.account();
		const { roles, granted, administers, usage, quota } = account;
		const held = [
			...roles,
			...(administers === true && !roles.includes("admin") ? ["admin (a controller)"] : []),
		];
		const bound = (value: number) => (Number.isFinite(value) ? ` of ${value}` : "");
		const rows: [string, string][] = [
			["principal", principal],
			["store", canisterId],
			["roles", held.length === 0 ? "none" : held.join(", ")],
			...(granted.length === 0 ? [] : [["by grants", granted.join(", ")] as [string, string]]),
			["blobs", `${usage.blobs}${bound(quota.blobs)}`],
			["bytes", `${usage.bytes}${bound(quota.bytes)}`],
		];
		const none =
			held.length + granted.length === 0
				? `\nAn administrator gives a role by: canister-blobs grant ${principal} writer --canister ${canisterId}`
				: "";
		return report.end(
			0,
			{ ...account, principal, canisterId, anonymous: false },
			rows.map(([name, value]) => `${name.padEnd(12)}${value}`).join("\n") + none,
		);
	});
}

export const ls: Command = { help: LS_HELP, run: runLs };
export const stat: Command = { help: STAT_HELP, run: runStat };
export const whoami: Command = { help: WHOAMI_HELP, run: runWhoami };
