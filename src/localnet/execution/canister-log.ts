/** Canister interface, "Debugging aids", and `fetch_canister_logs`: what a canister printed, and why it trapped. */
import { utf8 } from "../encoding/bytes.js";

export interface LogRecord {
	readonly idx: bigint;
	/** Nanoseconds since 1970. */
	readonly timestamp_nanos: bigint;
	readonly content: Uint8Array;
}

/** A record counts for its content and these: its number and its time. */
const RECORD_BYTES = 16;

/** Why a message trapped, as the log tells it. */
export function trapText({ message }: Error): string {
	const said = /with message: '(.*)'$/s.exec(message)?.[1];
	return `[TRAP]: ${said === "" ? "(no message)" : (said ?? message.replace(/^Canister trapped: /, ""))}`;
}

/** The newest records, as many as fit. Numbers go on where old ones are gone. */
export class CanisterLog {
	#records: LogRecord[] = [];
	#bytes = 0;
	#next: bigint;

	constructor(next = 0n) {
		this.#next = next;
	}

	get bytes(): number {
		return this.#bytes;
	}

	get records(): readonly LogRecord[] {
		return this.#records;
	}

	/** A text longer than all that fits is cut. */
	add(text: string, time: bigint, limit: number): void {
		const content = utf8(text).subarray(0, Math.max(limit - RECORD_BYTES, 0));
		this.#records.push({ idx: this.#next++, timestamp_nanos: time, content: Uint8Array.from(content) });
		this.#bytes += content.length + RECORD_BYTES;
		this.fit(limit);
	}

	/** Forgets the oldest that do not fit. */
	fit(limit: number): void {
		let gone = 0;
		while (this.#bytes > limit) this.#bytes -= this.#records[gone++]!.content.length + RECORD_BYTES;
		if (gone > 0) this.#records = this.#records.slice(gone);
	}

	/** What reinstalling and uninstalling leave of it. */
	emptied(): CanisterLog {
		return new CanisterLog(this.#next);
	}
}
