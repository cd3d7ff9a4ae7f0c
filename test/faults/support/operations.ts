import { newId } from "../../support/store.js";
import { begin, bytesOf, put, putAll, S, upload } from "../../support/transfers.js";
import type { ActName, Matter } from "./acts.js";
import { isFull } from "./sample.js";
import type { Actor } from "./world.js";

/** Of a key: the very bytes, or nothing. */
export type State = "whole" | "absent";

/** What a case works on: somebody of its own, and keys of its own. */
export interface Subject extends Matter {
	readonly actor: Actor;
}

export interface Operation {
	readonly name: string;
	/** Makes what is there before it. */
	readonly prepare: (actor: Actor) => Promise<Subject>;
	/** The client's call. */
	readonly act: ActName;
	/** Whether `act` starts a transfer. */
	readonly isTransfer: boolean;
	/** Whether `act` changes nothing: all cases can read one blob. */
	readonly isReading?: boolean;
	/** Whether all keys hold the same at all times: everything, or nothing. */
	readonly isTogether?: boolean;
	/** What every key holds when it went well. */
	readonly success: State;
	/** What a key may hold when it did not. */
	readonly failure: readonly State[];
	/** How it ends when it is done again and had its effect before, though its caller could not know. */
	readonly again?: "precondition_failed";
}

/** A first, a middle and a last one; in the full matrix there is one more between. */
const CHUNKS = isFull ? 4 : 3;
/** The last chunk has 100 bytes. */
const CHUNKED = (CHUNKS - 1) * S + 100;

const newKey = () => `faults/${Buffer.from(newId()).toString("hex")}`;

/** An upload of which so many chunks have arrived, by somebody who is gone. */
async function left(actor: Actor, chunks: number, size = CHUNKED): Promise<Subject> {
	const [key, bytes] = [newKey(), bytesOf(size)];
	const id = await begin(actor.store, key, undefined);
	await putAll(actor.store, id, bytes.subarray(0, chunks * S));
	return { actor, blobs: new Map([[key, bytes]]) };
}

const uploads = {
	isTransfer: true,
	success: "whole",
	failure: ["whole", "absent"],
} satisfies Partial<Operation>;

export const uploadStream: Operation = {
	name: "upload",
	prepare: async (actor) => ({ actor, blobs: new Map([[newKey(), bytesOf(CHUNKED)]]) }),
	act: "upload",
	...uploads,
};

export const resume: Operation = {
	name: "resume",
	prepare: (actor) => left(actor, CHUNKS - 2),
	act: "upload",
	...uploads,
};

/** Everything has arrived, and the key must still be free. */
export const commit: Operation = {
	name: "commit",
	// How many there are makes no difference to its requests.
	prepare: (actor) => left(actor, 2, S + 100),
	act: "uploadNew",
	...uploads,
	again: "precondition_failed",
};

/** A blob in one call, under a key that must be free. */
export const putBlob: Operation = {
	name: "put",
	prepare: async (actor) => ({ actor, blobs: new Map([[newKey(), bytesOf(10_000)]]) }),
	act: "putNew",
	...uploads,
	again: "precondition_failed",
};

/** Three files in one message, over nothing that is there already. */
export const putMany: Operation = {
	name: "put_many",
	prepare: async (actor) => ({
		actor,
		blobs: new Map([1, 2, 3].map((n) => [newKey(), bytesOf(n * 3_000)])),
	}),
	act: "putMany",
	...uploads,
};

/** A blob that is sent beforehand and a small one, both seen at once. */
export const batch: Operation = {
	name: "batch",
	prepare: async (actor) => ({
		actor,
		blobs: new Map([S + 100, 3_000].map((size) => [newKey(), bytesOf(size)])),
	}),
	act: "batch",
	...uploads,
	isTransfer: false,
	isTogether: true,
};

export const download: Operation = {
	name: "download",
	prepare: async (actor) => {
		const [key, bytes] = [newKey(), bytesOf(CHUNKED)];
		await upload(actor.store, key, bytes);
		return { actor, blobs: new Map([[key, bytes]]) };
	},
	act: "download",
	isTransfer: false,
	isReading: true,
	success: "whole",
	failure: ["whole"],
};

export const remove: Operation = {
	name: "delete",
	prepare: async (actor) => {
		const [key, bytes] = [newKey(), bytesOf(10_000)];
		const { sequence, canister_version } = await put(actor.store, key, bytes);
		const version = { sequence, canisterVersion: canister_version };
		return { actor, blobs: new Map([[key, bytes]]), version };
	},
	act: "delete",
	isTransfer: false,
	success: "absent",
	failure: ["whole", "absent"],
	again: "precondition_failed",
};
