import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import type { Loaded } from "./bar.js";
import type { UploadReport, UploadTask } from "./uploader.js";

export type Done = Extract<UploadReport, { type: "done" }>;

/** Arguments of a process that uploads `path` to `key` as `uploader`. */
export function uploadTask(
	{ url, rootKey }: { readonly url: string; readonly rootKey: Uint8Array },
	canisterId: Principal,
	uploader: Ed25519KeyIdentity,
	path: string,
	key: string,
): UploadTask {
	const secretKey = new Uint8Array(uploader.getKeyPair().secretKey);
	return { url, rootKey, secretKey, canisterId: canisterId.toText(), path, key };
}

/** An uploading process: its progress, its result, and a method to kill it. */
export class UploadProcess {
	readonly #child: ChildProcess;
	/** Resolves with the last report; undefined if the process was killed before its first. */
	readonly end: Promise<Done | undefined>;

	constructor(task: UploadTask, onProgress: (progress: Loaded) => void) {
		this.#child = fork(join(import.meta.dirname, "uploader.ts"), {
			execArgv: ["--import", "tsx"],
			serialization: "advanced",
		});
		this.end = new Promise((resolve, reject) => {
			this.#child.on("message", (report: UploadReport) => {
				if (report.type === "progress") onProgress(report);
				else if (report.type === "done") resolve(report);
				else reject(new Error(`the upload failed: ${report.message}`));
			});
			this.#child.on("exit", (code, signal) => {
				if (signal === "SIGKILL") resolve(undefined);
				else reject(new Error(`the uploading process ended with code ${code} before it was done`));
			});
		});
		this.#child.send(task);
	}

	/** Kills the process without a chance to report or save anything, like a power cut. */
	kill(): void {
		this.#child.kill("SIGKILL");
	}
}
