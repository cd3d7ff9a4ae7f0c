import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { bundleScript } from "../../support/bundle.js";
import type { ActName, Matter } from "./acts.js";

/** What a process is told, over IPC: a key has no place in arguments, which everybody can list. */
export interface Task {
	readonly url: string;
	readonly rootKey: Uint8Array;
	readonly canisterId: string;
	readonly secretKey: Uint8Array;
	readonly act: ActName;
	readonly matter: Matter;
}

/** How a process ended: killed, or with what it said. */
export type ProcessEnd = "killed" | "success" | `failed: ${string}`;

/** Bundles call.ts. @returns its path */
export const bundleCall = (directory: string): Promise<string> =>
	bundleScript(directory, "call", join(import.meta.dirname, "call.ts"));

/** A process of its own that makes one of the client's calls. */
export class CallingProcess {
	readonly #child: ChildProcess;
	readonly end: Promise<ProcessEnd>;

	/** @param script from `bundleCall` */
	constructor(script: string, task: Task) {
		this.#child = fork(script, { execArgv: [], serialization: "advanced" });
		let said: ProcessEnd = "failed: it said nothing";
		this.#child.on("message", (end: ProcessEnd) => {
			said = end;
		});
		this.end = new Promise((resolve) => {
			this.#child.on("exit", (_, signal) => resolve(signal === "SIGKILL" ? "killed" : said));
		});
		this.#child.send(task);
	}

	/** Ends it as a power cut would: it gets no chance to say or save anything. */
	kill(): void {
		this.#child.kill("SIGKILL");
	}
}
