/** Canister interface, "Debugging aids", and `fetch_canister_logs`: the output of a canister, and its traps. */
import { utf8 } from "../encoding/bytes.js";

export interface LogRecord {
	readonly idx: bigint;
	/** Nanoseconds since 1970. */
	readonly timestamp_nanos: bigint;
	readonly content: Uint8Array;
}

/** Bytes that a record counts in addition to its content: its number and its time. */
const RECORD_BYTES = 16;

/** The log text of a trap. */
export function trapText({ message }: Error): string {
	const said = /with message: '(.*)'$/s.exec(message)?.[1];
	return `[TRAP]: ${said === "" ? "(no message)" : (said ?? message.replace(/^Canister trapped: /, ""))}`;
}

/** The newest records within a limit. Numbering continues after old records are dropped. */
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

	/** Cuts a text that is longer than the limit. */
	add(text: string, time: bigint, limit: number): void {
		const content = utf8(text).subarray(0, Math.max(limit - RECORD_BYTES, 0));
		this.#records.push({ idx: this.#next++, timestamp_nanos: time, content: Uint8Array.from(content) });
		this.#bytes += content.length + RECORD_BYTES;
		this.fit(limit);
	}

	/** Drops the oldest records beyond the limit. */
	fit(limit: number): void {
		let gone = 0;
		while (this.#bytes > limit) this.#bytes -= this.#records[gone++]!.content.length + RECORD_BYTES;
		if (gone > 0) this.#records = this.#records.slice(gone);
	}

	/** The log after reinstalling or uninstalling. */
	emptied(): CanisterLog {
		return new CanisterLog(this.#next);
	}
}
