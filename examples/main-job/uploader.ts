import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "canister-blobs/node";
import type { Loaded } from "./bar.js";

/** Arguments, sent over IPC: every user can list command lines, which must not contain a key. */
export interface UploadTask {
	readonly url: string;
	readonly rootKey: Uint8Array;
	readonly secretKey: Uint8Array;
	readonly canisterId: string;
	readonly path: string;
	readonly key: string;
}

/** Reports: progress in bytes, and at the end the root and its own peak memory. */
export type UploadReport =
	| ({ readonly type: "progress" } & Loaded)
	| {
			readonly type: "done";
			readonly root: string;
			readonly reused: number;
			/** Resident memory after loading, before the first request. */
			readonly idleMemoryBytes: number;
			/** Peak of samples during the upload, a hundred a second. */
			readonly peakMemoryBytes: number;
	  }
	| { readonly type: "failed"; readonly message: string };

const report = (message: UploadReport) => process.send?.(message);

/** A process that uploads one file and can be killed. */
process.once("message", async (task: UploadTask) => {
	try {
		const identity = Ed25519KeyIdentity.fromSecretKey(task.secretKey);
		const agent = await HttpAgent.create({ host: task.url, rootKey: task.rootKey, identity });
		const client = new BlobClient({ agent, canisterId: task.canisterId });
		const idleMemoryBytes = process.memoryUsage.rss();
		let peakMemoryBytes = idleMemoryBytes;
		const watch = setInterval(() => {
			peakMemoryBytes = Math.max(peakMemoryBytes, process.memoryUsage.rss());
		}, 10);
		const transfer = client.upload(task.path, { key: task.key, visibility: "public" });
		transfer.on("progress", ({ loaded, total = 0, bytesPerSecond, secondsLeft }) => {
			report({ type: "progress", loaded, total, bytesPerSecond, secondsLeft });
		});
		const manifest = await transfer.done;
		clearInterval(watch);
		report({
			type: "done",
			root: Buffer.from(manifest.root).toString("hex"),
			reused: transfer.progress.reused,
			idleMemoryBytes,
			peakMemoryBytes,
		});
	} catch (error) {
		report({
			type: "failed",
			message: error instanceof Error ? `${error.name}: ${error.message}` : `${error}`,
		});
	}
	process.disconnect();
});
