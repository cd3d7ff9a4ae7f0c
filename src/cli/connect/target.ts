import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BLS, keyIn } from "../../client/verification/der.js";
import { Principal } from "../../protocol/index.js";
import { CommandError, UsageError } from "../command.js";
import type { ConnectionValues } from "./options.js";
import { noNetwork, type RunningNetwork, runningFrom } from "./running.js";

/** A canister on a network: by id and URL, or by their names in a project's icp.yaml and dfx.json. */
export interface Target {
	readonly canisterId: string;
	readonly host: string;
	/** Whether to fetch the root key from the network itself. */
	readonly isLocal: boolean;
	/** The root key in the project's file. */
	readonly rootKey?: Uint8Array;
}

/** No network runs where `--network local` looks for one. */
export class NoNetworkError extends CommandError {
	constructor(text: string) {
		super("no_local_network", text);
	}
}

/** The only canister of this folder's network, if the command uses `--network local`. */
export function onlyCanister({ host, environment, network }: ConnectionValues): string | undefined {
	const name = environment ?? network ?? process.env.CANISTER_BLOBS_NETWORK;
	return host === undefined && name === "local" ? onlyOne(runningFrom(process.cwd())) : undefined;
}

/**
 * Checks that a network responds if a project's file, or a default, names the local one.
 * @throws {NoNetworkError}
 */
export async function checkLocal({ host: given, ...values }: ConnectionValues, host: string): Promise<void> {
	const name = values.environment ?? values.network ?? process.env.CANISTER_BLOBS_NETWORK;
	if (given !== undefined || name !== "local" || runningFrom(process.cwd()) !== undefined) return;
	await fetch(new URL("api/v2/status", host)).catch((cause) => {
		const text = `${noNetwork(process.cwd())}. Nothing answers at ${host}, either, where the project has its own`;
		throw Object.assign(new NoNetworkError(text), { cause });
	});
}

type Network = Omit<Target, "canisterId">;
type Json = Readonly<Record<string, unknown>>;

interface ProjectFiles {
	readonly directory: string;
	readonly icp: Json | undefined;
	readonly dfx: Json | undefined;
}

const MAINNET: Network = { host: "https://icp-api.io", isLocal: false };
const MAINNET_NAMES = ["ic", "mainnet"];
/** Default addresses of the local networks of icp-cli and of dfx. */
const ICP_LOCAL = "127.0.0.1:8000";
const DFX_LOCAL = "127.0.0.1:4943";

/** @throws {UsageError} for an unknown name */
export async function targetOf(values: ConnectionValues): Promise<Target> {
	const { host, local } = values;
	if (host !== undefined && !/^https?:$/.test(URL.canParse(host) ? new URL(host).protocol : ""))
		throw new UsageError(`--host takes a URL such as http://127.0.0.1:4943, not ${JSON.stringify(host)}`);
	if (host !== undefined && new URL(host).password !== "")
		throw new UsageError("--host holds a password, which every user of this machine can read: leave it out");
	if (host !== undefined) checkHost(new URL(host));
	const named = values.environment ?? values.network ?? process.env.CANISTER_BLOBS_NETWORK;
	if (host !== undefined && (values.environment ?? values.network) !== undefined)
		throw new UsageError(
			"--host says which network, and so do --network and --environment: give one of them",
		);
	const name = named || "ic";
	// This comes before a project's local network: the user has started this network here.
	const running = host === undefined && name === "local" ? runningFrom(process.cwd()) : undefined;
	const canister = values.canister || process.env.CANISTER_BLOBS_CANISTER || onlyOne(running);
	const isGone = host === undefined && name === "local" && running === undefined;
	if (canister === undefined && isGone) throw new NoNetworkError(noNetwork(process.cwd()));
	if (canister === undefined)
		throw new UsageError("which store? Give --canister, or set CANISTER_BLOBS_CANISTER");
	if (running !== undefined) {
		const { id: named } = running.canisters.find(({ name }) => name === canister) ?? {};
		const id = idOf(canister) ?? idOf(textOf(named) ?? "");
		if (id !== undefined) return { host: running.url, isLocal: true, canisterId: id };
	}
	// A project's file may define networks, but not redefine mainnet.
	const needsFiles = host === undefined && !(idOf(canister) !== undefined && MAINNET_NAMES.includes(name));
	const files = needsFiles ? await projectFiles(process.cwd()) : undefined;
	const network = host === undefined ? networkOf(files, name) : { host, isLocal: local };
	const canisterId =
		idOf(canister) ?? (host === undefined ? await storedId(files, name, canister) : undefined);
	if (canisterId === undefined && isGone) throw new NoNetworkError(noNetwork(process.cwd()));
	if (canisterId === undefined) throw new UsageError(unknownCanister(canister, name, host, files));
	return { ...network, isLocal: network.isLocal || local, canisterId };
}

/**
 * The client calls `/api` without credentials, so a URL with other parts is rejected rather than shortened silently.
 */
function checkHost({ origin, username, pathname, search, hash }: URL): void {
	const extra = Object.entries({ "a user name": username, "a query": search, "a fragment": hash })
		.filter(([, text]) => text !== "")
		.map(([name]) => name);
	if (pathname !== "/") extra.unshift("a path");
	if (extra.length > 0)
		throw new UsageError(`--host takes a URL without ${extra.join(" and ")}, as in ${origin}`);
}

/** The only canister of a local network needs no name. */
function onlyOne(network: RunningNetwork | undefined): string | undefined {
	const [first, second] = network?.canisters ?? [];
	return second === undefined ? textOf(first?.id) : undefined;
}

const idOf = (text: string): string | undefined => Principal.parse(text)?.toText();

function unknownCanister(
	canister: string,
	network: string,
	host: string | undefined,
	files: ProjectFiles | undefined,
) {
	const shown = JSON.stringify(canister);
	if (canister.includes("-") && /^[a-z2-7-]{11,}$/.test(canister))
		return `${shown} is not a canister id: its checksum does not match. Look for a letter that is wrong or missing`;
	if (host !== undefined)
		return `${shown} is not a canister id; a name is looked up only with --network or --environment`;
	return files === undefined
		? `${shown} is not a canister id, and there is no icp.yaml or dfx.json here or above that could name one`
		: `${files.directory} has no id for the canister ${shown} on ${network}: deploy it there, or give its id`;
}

/** The nearest folder with a project file, from here upwards, as icp and dfx search theirs. */
async function projectFiles(from: string): Promise<ProjectFiles | undefined> {
	for (let directory = from; ; directory = dirname(directory)) {
		const yaml = await textAt(join(directory, "icp.yaml"));
		const dfx = await jsonAt(join(directory, "dfx.json"));
		if (yaml !== undefined || dfx !== undefined)
			return { directory, icp: yaml === undefined ? undefined : await parsedYaml(directory, yaml), dfx };
		if (directory === dirname(directory)) return undefined;
	}
}

async function parsedYaml(directory: string, text: string): Promise<Json> {
	// Loaded only if a project has one.
	const { parse } = await import("yaml");
	try {
		return objectOf(parse(text));
	} catch (cause) {
		throw new UsageError(`cannot read ${join(directory, "icp.yaml")}: ${(cause as Error).message}`, {
			cause,
		});
	}
}

const objectOf = (value: unknown): Json =>
	typeof value === "object" && value !== null ? (value as Json) : {};
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(objectOf) : []);
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function networkOf(files: ProjectFiles | undefined, name: string): Network {
	// No file may redefine mainnet.
	const environments = MAINNET_NAMES.includes(name) ? [] : listOf(files?.icp?.environments);
	const environment = environments.find((its) => its.name === name);
	const network = textOf(environment?.network) ?? name;
	if (MAINNET_NAMES.includes(network)) return MAINNET;
	const icp = listOf(files?.icp?.networks).find((its) => its.name === network);
	if (icp !== undefined) return icpNetwork(icp, network);
	const dfx = objectOf(objectOf(files?.dfx?.networks)[network]);
	if (Object.keys(dfx).length > 0) return dfxNetwork(dfx, network);
	if (network === "local")
		return { host: `http://${files?.icp === undefined ? DFX_LOCAL : ICP_LOCAL}`, isLocal: true };
	const known = [...listOf(files?.icp?.environments), ...listOf(files?.icp?.networks)].map((its) => its.name);
	const names = [...new Set(["ic", "local", ...known, ...Object.keys(objectOf(files?.dfx?.networks))])];
	throw new UsageError(
		`there is no network or environment ${JSON.stringify(name)}; there are ${names.join(", ")}`,
	);
}

function icpNetwork(network: Json, name: string): Network {
	const url = textOf(network["api-url"]) ?? textOf(network.url);
	if (network.mode !== "connected") {
		const { bind = "127.0.0.1", port = 8000 } = objectOf(network.gateway);
		return { host: `http://${bind}:${port}`, isLocal: true };
	}
	if (url === undefined) throw new UsageError(`the network ${name} in icp.yaml has no url`);
	const key = textOf(network["root-key"]) ?? "mainnet";
	if (key === "mainnet" || key === "fetch") return { host: url, isLocal: key === "fetch" };
	const rootKey = Uint8Array.from(Buffer.from(key, "hex"));
	if (!/^[0-9a-f]+$/i.test(key) || keyIn(rootKey, BLS) === undefined)
		throw new UsageError(
			`the root-key of the network ${name} in icp.yaml must be mainnet, fetch, or a BLS key in DER as 266 hex digits`,
		);
	return { host: url, isLocal: false, rootKey };
}

function dfxNetwork(network: Json, name: string): Network {
	const providers = Array.isArray(network.providers) ? network.providers : [];
	// Default address of dfx, for the network `local` and for networks of the type ephemeral.
	const isRunByDfx = name === "local" || network.type === "ephemeral";
	const bind = textOf(network.bind) ?? (isRunByDfx ? DFX_LOCAL : undefined);
	const url = textOf(providers[0]) ?? (bind && `http://${bind}`);
	if (url === undefined) throw new UsageError(`the network ${name} in dfx.json has no providers`);
	const isMainnet =
		MAINNET_NAMES.includes(name) || /^https:\/\/(?:[\w-]+\.)*(?:ic0\.app|icp0\.io|icp-api\.io)\/?$/.test(url);
	return { host: url, isLocal: !isMainnet };
}

/** The id that icp or dfx stored when it created the canister. */
async function storedId(
	files: ProjectFiles | undefined,
	network: string,
	canister: string,
): Promise<string | undefined> {
	if (files === undefined) return undefined;
	const { directory } = files;
	for (const kind of ["data", "cache"]) {
		const ids = await jsonAt(join(directory, ".icp", kind, "mappings", `${network}.ids.json`));
		const id = textOf(ids?.[canister]);
		if (id !== undefined) return idOf(id);
	}
	for (const path of [join(".dfx", network, "canister_ids.json"), "canister_ids.json"]) {
		const ids = objectOf((await jsonAt(join(directory, path)))?.[canister]);
		const id = textOf(ids[network]);
		if (id !== undefined) return idOf(id);
	}
	return undefined;
}

const textAt = (path: string): Promise<string | undefined> =>
	readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
		throw new UsageError(`cannot read ${path}: ${cause.code}`, { cause });
	});

async function jsonAt(path: string): Promise<Json | undefined> {
	const text = await textAt(path);
	if (text === undefined) return undefined;
	try {
		return objectOf(JSON.parse(text));
	} catch (cause) {
		throw new UsageError(`${path} is no JSON: ${(cause as Error).message}`, { cause });
	}
}
