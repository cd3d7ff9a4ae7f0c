import { setTimeout as sleep } from "node:timers/promises";
import { contextOf } from "../../../client/context.js";
import { isBlobError } from "../../../client/errors/errors.js";
import type { BlobClient, Cursor } from "../../../client/index.js";
import { BackupError } from "../../errors.js";
import { decodeJson, encodeJson } from "../../format/json.js";
import { modeName } from "../../format/names.js";
import type { Sink } from "../../sink.js";

/** How often the number of open uploads is polled. */
const POLL_MS = 1_000;
/** How long switching back may take, whatever ended the backup. */
const BACK_MS = 60_000;
const MAX_ATTEMPTS = 3;
const MAX_MARKER_BYTES = 4_096;

/** The store whose mode is switched, and the sink that records it. */
export interface Switched {
	/** Records the switch before it happens, so that the next backup can undo it if this one is killed. */
	readonly sink: Sink;
	readonly client: BlobClient;
	readonly canister: string;
	readonly note: (text: string) => void;
}

export interface MaintenanceOptions extends Switched {
	/** How long to wait for open uploads. */
	readonly drainMs: number;
	readonly signal: AbortSignal;
}

/**
 * Runs `work` while only administrators can change the store: drains it, switches to maintenance, and back to live in
 * any case. `endLeftMaintenance` undoes the switch of a killed process.
 * @throws BackupError `store_not_live`, `store_left_in_maintenance`
 */
export async function inMaintenance<T>(options: MaintenanceOptions, work: () => Promise<T>): Promise<T> {
	const { sink, client, canister, signal } = options;
	const { mode, generation } = await client.mode({ trust: "subnet", signal });
	if (mode !== "live") throw new BackupError("store_not_live", { mode });
	const since = await client.latestCursor({ signal });
	const marker = { at: new Date().toISOString(), sequence: `${since.sequence}`, head: since.head };
	await sink.put(modeName(canister), encodeJson(marker));
	let result: T;
	try {
		const draining = await client.admin.setMode("draining", generation, { signal });
		await drained(options);
		await client.admin.setMode("maintenance", draining.generation, { signal });
		result = await work();
	} catch (error) {
		await switchedBack(options, since).catch((failure: Error) => options.note(failure.message));
		throw error;
	}
	await switchedBack(options, since);
	return result;
}

async function drained({ client, drainMs, signal, note }: MaintenanceOptions): Promise<void> {
	const end = performance.now() + drainMs;
	for (;;) {
		const { openUploads } = await client.admin.statistics({ signal });
		if (openUploads === 0) return;
		if (performance.now() >= end) {
			note(`${openUploads} uploads are still open: they stand still, and go on after the backup.`);
			return;
		}
		await sleep(Math.min(POLL_MS, drainMs), undefined, { signal });
	}
}

/** Switches a store back to live that a killed backup has left in maintenance or draining. */
export async function endLeftMaintenance(switched: Switched): Promise<void> {
	const name = modeName(switched.canister);
	const bytes = await switched.sink.get(name, 0, MAX_MARKER_BYTES);
	if (bytes === undefined) return;
	const fields = decodeJson(name, bytes);
	const since = { sequence: BigInt(fields.digits("sequence")), head: fields.sha256("head") };
	try {
		await switchedBack(switched, since);
	} catch (error) {
		if (!isBlobError(error) && !(error instanceof BackupError)) throw error;
		switched.note(error.message);
	}
}

/** @param since position of the feed before the first switch */
async function switchedBack({ sink, client, canister, note }: Switched, since: Cursor): Promise<void> {
	// Without the signal of the backup: an aborted backup switches back, too.
	const signal = AbortSignal.timeout(BACK_MS);
	try {
		for (let attempt = 1; ; attempt++) {
			const last = await lastSwitch(client, since, signal);
			if (last && !last.isOwn)
				note("Somebody else changed the mode of the store in the meantime: it is left as it is.");
			if (!last?.isOwn || last.mode === "live") break;
			try {
				await client.admin.setMode("live", last.generation, { signal });
				break;
			} catch (error) {
				if (!isBlobError(error, "mode_changed") || attempt === MAX_ATTEMPTS) throw error;
			}
		}
	} catch (error) {
		throw new BackupError("store_left_in_maintenance", { reason: (error as Error).message }, error);
	}
	await sink.delete(modeName(canister));
}

/** The last switch of the mode in the feed, and whether the caller made it. */
async function lastSwitch(client: BlobClient, since: Cursor, signal: AbortSignal) {
	const own = (await contextOf(client).principal()).toText();
	let last: { readonly mode: string; readonly generation: bigint; readonly isOwn: boolean } | undefined;
	for await (const change of client.changes({ after: since, signal }))
		if (change.type === "mode")
			last = { mode: change.mode, generation: change.generation, isOwn: change.by === own };
	return last;
}
