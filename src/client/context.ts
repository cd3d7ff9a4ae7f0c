import type { Caller } from "./call/caller.js";
import type { Trust } from "./call/trust.js";
import type { Settings } from "./options.js";
import type { Standing } from "./reading/standing.js";

/** What uploads and downloads share of the client that started them. */
export interface ClientContext {
	readonly caller: Pick<Caller, "update" | "query">;
	/** What answers of one node are held against. */
	readonly trust: Pick<Trust, "certifiedData" | "principal">;
	readonly settings: Settings;
	/** Ids (in hex) of the uploads that a transfer of this client is working on. */
	readonly busyUploads: Set<string>;
	/** The latest change that this client has made or seen certified, for reads that must not miss it. */
	readonly seen: { sequence: bigint };
	/** What the subnet said about the caller last, and whether it ever said that a key holds nothing. */
	readonly standing: { last?: Standing; hasMissed?: boolean };
}

/** Remembers a change, so that later reads see it whichever node answers them. */
export function noteSequence(context: ClientContext, sequence: bigint): void {
	if (sequence > context.seen.sequence) context.seen.sequence = sequence;
}
