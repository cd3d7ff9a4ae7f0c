import { RECEIPT_LIFE_MS } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { getU64, putU64 } from "../base/codec.js";
import type { Queue } from "../base/queue.js";
import { ownedKey } from "./uploads.js";

/** What a finished id stands for, and how its body is written: frozen, another form gets a number of its own. */
export const RECEIPT = {
	/** A commit or a put of one blob: its record (blobs.ts). */
	committed: 1,
	/** The last change before it. */
	aborted: 2,
	/** 32 bytes that tell the request from others (requests.ts), as in all that follow, then the answer as a message. */
	deleted: 3,
	/** A role, quota or mode: the change. */
	administered: 4,
	updated: 5,
	/** A copy or a rename. */
	moved: 6,
	putMany: 7,
	deletedMany: 8,
	batch: 9,
	/** A request of a staged batch. */
	staged: 10,
	/** A batch that is over: u8 how (staged-status.ts), the last change then. */
	batchEnded: 11,
	/** A step of taking blobs that are offered, or of removing what somebody has. */
	step: 12,
	/** An upload that a staged batch has: nothing. */
	stagedUpload: 13,
} as const;
export type ReceiptKind = (typeof RECEIPT)[keyof typeof RECEIPT];

export interface Receipt {
	readonly kind: ReceiptKind;
	/** What the answer is made from. */
	readonly body: Uint8Array;
}

/**
 * What became of a change, under its caller and the id that the caller chose. A duplicate gets the first answer
 * again instead of a second effect, and a begin or put that comes late finds that its upload is over. Kept for
 * longer than any message lives.
 */
export class Receipts {
	readonly #map: StableMap;
	readonly #queue: Queue;

	constructor(map: StableMap, queue: Queue) {
		this.#map = map;
		this.#queue = queue;
	}

	get(caller: Uint8Array, id: Uint8Array): Receipt | undefined {
		const bytes = this.#map.get(ownedKey(caller, id));
		return bytes === undefined ? undefined : { kind: bytes[0] as ReceiptKind, body: bytes.subarray(1) };
	}

	/** Answers when the receipt may be forgotten. */
	add(caller: Uint8Array, id: Uint8Array, now: number, kind: ReceiptKind, body: Uint8Array): number {
		const key = ownedKey(caller, id);
		const record = new Uint8Array(1 + body.length);
		record[0] = kind;
		record.set(body, 1);
		this.#map.set(key, record);
		const until = now + RECEIPT_LIFE_MS;
		const item = new Uint8Array(8 + key.length);
		putU64(item, 0, until);
		item.set(key, 8);
		this.#queue.push(item);
		return until;
	}

	nextAt(): number | undefined {
		const head = this.#queue.peek();
		return head === undefined ? undefined : getU64(head, 0);
	}

	/** Forgets the oldest receipt if its time is over; false if there is none such. */
	expireOne(now: number): boolean {
		const head = this.#queue.peek();
		if (head === undefined || getU64(head, 0) > now) return false;
		this.#map.delete(head.subarray(8));
		this.#queue.shift();
		return true;
	}
}
