import type { Principal } from "@dfinity/principal";
import type { AgentLike, IdentityLike } from "./call/agent.js";
import type { Caller } from "./call/caller.js";
import type { Trust } from "./call/trust.js";
import { CanisterError } from "./errors.js";
import type { Lane } from "./lane/lane.js";
import type { Direction, Settings } from "./options.js";
import type { Standing } from "./reading/standing.js";
import type { Notes } from "./sessions/notes.js";

/** The way to the canister through one agent. */
export interface Connection {
	readonly caller: Pick<Caller, "update" | "query">;
	/** What answers of one node are held against. */
	readonly trust: Pick<Trust, "certifiedData" | "nowMs" | "principal">;
	/** Whom the agent acts for. */
	principal(): Promise<Principal>;
}

/** What uploads and downloads share of the client that started them. */
export interface ClientContext {
	readonly caller: Pick<Caller, "update" | "query">;
	/** What answers of one node are held against. */
	readonly trust: Pick<Trust, "certifiedData" | "nowMs" | "principal">;
	readonly settings: Settings;
	/** Whom this client acts for. */
	readonly principal: Connection["principal"];
	/** The same canister through another agent. */
	readonly connect: (agent: AgentLike, identity: IdentityLike | undefined) => Connection;
	/** What uploads share of the network, and what downloads do. */
	readonly lanes: Readonly<Record<Direction, Lane>>;
	/** Hints at uploads that may be open. */
	readonly notes: Notes;
	/** Ids (in hex) of the uploads that a transfer of this client is working on. */
	readonly busyUploads: Set<string>;
	/** The latest change that this client has made or seen certified, for reads that must not miss it. */
	readonly seen: { sequence: bigint };
	/** What the subnet said about the caller last, and whether it ever said that a key holds nothing. */
	readonly standing: { last?: Standing; hasMissed?: boolean };
}

/** Refuses what the canister would refuse without saying why: it takes no message at all from nobody. */
export async function requireIdentity(context: ClientContext): Promise<void> {
	if ((await context.principal()).isAnonymous()) throw new CanisterError({ anonymous: {} });
}

/** Remembers a change, so that later reads see it whichever node answers them. */
export function noteSequence(context: ClientContext, sequence: bigint): void {
	if (sequence > context.seen.sequence) context.seen.sequence = sequence;
}
