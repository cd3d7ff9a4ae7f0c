import { setTimeout as sleep } from "node:timers/promises";
import { backup, forget, isBackupError, prune, Repository, type Sink } from "canister-blobs/backup";
import { type BlobClient, isBlobError } from "canister-blobs/node";

/** Options and callbacks of a worker. */
export interface WorkerOptions {
	readonly sink: Sink;
	readonly client: BlobClient;
	readonly canister: string;
	readonly everyMs: number;
	readonly signal: AbortSignal;
	/** Called with each snapshot, with what it lacks, and with failures: for logs, metrics and alerts. */
	readonly tell: (event: { readonly type: "made" | "incomplete" | "failed"; readonly text: string }) => void;
}

/** Makes a snapshot at each interval, until the signal aborts. A failed backup is repeated at the next interval. */
export async function work({ sink, client, canister, everyMs, signal, tell }: WorkerOptions): Promise<void> {
	while (!signal.aborted) {
		try {
			const repository = await Repository.open(sink, { writes: true });
			const { summary, snapshot } = await backup(repository, { client, canister, signal });
			const lacks = summary.missing > 0 || !snapshot.settingsComplete;
			tell({ type: lacks ? "incomplete" : "made", text: `${summary.id}: ${summary.missing} missing` });
			await forget(repository, { canister, keep: { hourly: 48, daily: 30, monthly: 24 } });
			await prune(repository, { signal });
		} catch (error) {
			if (signal.aborted) return;
			const isKnown = isBackupError(error) || isBlobError(error);
			tell({ type: "failed", text: `${isKnown ? error.code : "internal"}: ${(error as Error).message}` });
		}
		await sleep(everyMs, undefined, { signal }).catch(() => {});
	}
}
