import type { WirePrincipal, WireVersion } from "../protocol/index.js";
import { invalidOption } from "./arguments.js";
import type { Standing } from "./blobs/standing.js";
import { type AgentLike, type IdentityLike, isAnonymous } from "./call/agent.js";
import type { Caller } from "./call/caller.js";
import { CanisterError, type ErrorPlace, isBlobError, located } from "./errors/errors.js";
import type { Lane } from "./lane/lane.js";
import type { Direction, Settings } from "./options.js";
import type { Notes } from "./sessions/notes.js";
import type { Version } from "./types.js";
import type { SendLimit } from "./upload/too-large.js";
import type { Trust } from "./verification/trust.js";
import { fromVersion } from "./wire-map.js";

/** The way to the canister through one agent. */
export interface Connection {
	readonly caller: Pick<Caller, "update" | "query">;
	/** What answers of one node are held against. */
	readonly trust: Pick<Trust, "certified" | "nowMs" | "principal">;
	/** Whom the agent acts for. */
	principal(): Promise<WirePrincipal>;
	/** SHA-256 of the canister's module, certified by the subnet. */
	moduleHash(signal: AbortSignal | undefined): Promise<Uint8Array>;
}

/** What uploads and downloads share of the client that started them. */
export interface ClientContext {
	readonly caller: Pick<Caller, "update" | "query">;
	/** What answers of one node are held against. */
	readonly trust: Pick<Trust, "certified" | "nowMs" | "principal">;
	readonly settings: Settings;
	/** Whom this client acts for. */
	readonly principal: Connection["principal"];
	/** The same canister through another agent. */
	readonly connect: (agent: AgentLike, identity: IdentityLike | undefined) => Connection;
	/** What uploads share of the network, and what downloads do. */
	readonly lanes: Readonly<Record<Direction, Lane>>;
	/** How many bytes a message may carry, as refusals have shown. */
	readonly sendLimit: SendLimit;
	/** Hints at uploads that may be open. */
	readonly notes: Notes;
	/** Ids (in hex) of the uploads that a transfer of this client is working on. */
	readonly busyUploads: Set<string>;
	/** The latest change that this client has made or seen certified, for reads that must not miss it. */
	readonly seen: { version: WireVersion };
	/** What the subnet said about the caller last, and whether it ever said that a key holds nothing. */
	readonly standing: { last?: Standing; hasMissed?: boolean };
}

/** For what belongs to a client and is no part of its class, so that pages which do not use it need not load it. */
export const contexts = new WeakMap<object, ClientContext>();

/** @throws ClientError `option_invalid` for what is no client of this package */
export function contextOf(client: object): ClientContext {
	const context = contexts.get(client);
	if (context === undefined) throw invalidOption("client", "it must be a BlobClient of this package");
	return context;
}

/** Where errors of this client are, beside the key. */
export const placeIn = async ({ settings, principal }: ClientContext): Promise<ErrorPlace> => ({
	canister: settings.canisterId.toText(),
	caller: (await principal()).toText(),
});

/** Refuses what the canister would refuse without a reason: it takes no message at all from the anonymous principal. */
export async function requireIdentity(context: ClientContext): Promise<void> {
	if (isAnonymous((await context.principal()).toUint8Array()))
		throw located(new CanisterError({ anonymous: {} }), await placeIn(context));
}

/** No change at all. */
export const NO_CHANGE: WireVersion = { sequence: 0n, canister_version: 0n };

/** Whether a change was made after another. Numbers of changes start again with a rollback, those of states never. */
export const isAfter = (a: WireVersion, b: WireVersion): boolean =>
	a.canister_version === b.canister_version
		? a.sequence > b.sequence
		: a.canister_version > b.canister_version;

/** Remembers a change, so that later reads see it whichever node answers them. */
export function noteVersion(
	{ seen }: Pick<ClientContext, "seen">,
	{ sequence, canister_version }: WireVersion,
): void {
	const version = { sequence, canister_version };
	if (isAfter(version, seen.version)) seen.version = version;
}

/** What a read must have seen: what the caller names, else the latest that this client has. */
export const leastVersion = ({ seen }: ClientContext, named: Version | undefined): [] | [WireVersion] => {
	if (named !== undefined) return [fromVersion(named)];
	return seen.version.sequence === 0n ? [] : [seen.version];
};

/**
 * Asks the subnet. Where it says that the store was rolled back, what was seen before that is forgotten: the caller is
 * told once, and later reads go on from what the store is now.
 */
export async function askCertified<T>(
	{ seen }: Pick<ClientContext, "seen">,
	ask: () => Promise<T>,
): Promise<T> {
	try {
		return await ask();
	} catch (error) {
		if (isBlobError(error, "rolled_back")) seen.version = error.details;
		throw error;
	}
}
