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

/** Access to the canister through one agent. */
export interface Connection {
	readonly caller: Pick<Caller, "update" | "query">;
	/** Verifies responses of single nodes. */
	readonly trust: Pick<Trust, "certified" | "nowMs" | "principal">;
	/** The principal of the agent. */
	principal(): Promise<WirePrincipal>;
	/** SHA-256 of the canister's module, certified by the subnet. */
	moduleHash(signal: AbortSignal | undefined): Promise<Uint8Array>;
}

/** State that uploads and downloads share with their client. */
export interface ClientContext {
	readonly caller: Pick<Caller, "update" | "query">;
	/** Verifies responses of single nodes. */
	readonly trust: Pick<Trust, "certified" | "nowMs" | "principal">;
	readonly settings: Settings;
	/** The principal of this client. */
	readonly principal: Connection["principal"];
	/** Access to the same canister through another agent. */
	readonly connect: (agent: AgentLike, identity: IdentityLike | undefined) => Connection;
	/** The shared concurrency of uploads, and that of downloads. */
	readonly lanes: Readonly<Record<Direction, Lane>>;
	/** Maximum bytes of a message, as learned from refusals. */
	readonly sendLimit: SendLimit;
	/** Records of uploads that may be open. */
	readonly notes: Notes;
	/** Ids (in hex) of the uploads that this client's transfers work on. */
	readonly busyUploads: Set<string>;
	/** The latest change that this client has made or seen certified; later reads must include it. */
	readonly seen: { version: WireVersion };
	/** The subnet's last answer about the caller, and whether it ever reported that a key holds nothing. */
	readonly standing: { last?: Standing; hasMissed?: boolean };
}

/** Contexts by client, for functions outside the class, so that pages that do not use them need not load them. */
export const contexts = new WeakMap<object, ClientContext>();

/** @throws ClientError `option_invalid` for a value that is not a client of this package */
export function contextOf(client: object): ClientContext {
	const context = contexts.get(client);
	if (context === undefined) throw invalidOption("client", "it must be a BlobClient of this package");
	return context;
}

/** The place of this client's errors, without the key. */
export const placeIn = async ({ settings, principal }: ClientContext): Promise<ErrorPlace> => ({
	canister: settings.canisterId.toText(),
	caller: (await principal()).toText(),
});

/** Rejects the anonymous principal with a clear error: the canister would refuse its message without a reason. */
export async function requireIdentity(context: ClientContext): Promise<void> {
	if (isAnonymous((await context.principal()).toUint8Array()))
		throw located(new CanisterError({ anonymous: {} }), await placeIn(context));
}

/** The version before the first change. */
export const NO_CHANGE: WireVersion = { sequence: 0n, canister_version: 0n };

/** Whether a change was made after another. Canister versions never restart; sequence numbers do after a rollback. */
export const isAfter = (a: WireVersion, b: WireVersion): boolean =>
	a.canister_version === b.canister_version
		? a.sequence > b.sequence
		: a.canister_version > b.canister_version;

/** Records a change, so that later reads include it whichever node responds. */
export function noteVersion(
	{ seen }: Pick<ClientContext, "seen">,
	{ sequence, canister_version }: WireVersion,
): void {
	const version = { sequence, canister_version };
	if (isAfter(version, seen.version)) seen.version = version;
}

/** The minimum version of a read: the caller's, else the latest that this client has seen. */
export const leastVersion = ({ seen }: ClientContext, named: Version | undefined): [] | [WireVersion] => {
	if (named !== undefined) return [fromVersion(named)];
	return seen.version.sequence === 0n ? [] : [seen.version];
};

/**
 * Calls the subnet. If the store was rolled back, forgets the versions seen before: the caller gets the error once, and
 * later reads use the store's present state.
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
