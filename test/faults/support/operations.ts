import type { BlobClient, Transfer } from "../../../src/client/index.js";
import { newId } from "../../support/store.js";
import { begin, bytesOf, put, putAll, S, upload } from "../../support/transfers.js";
import type { Actor } from "./world.js";

/** Of a key: the very bytes, or nothing. */
export type State = "whole" | "absent";

/** What a case works on: somebody of its own, keys of its own, and the bytes that these hold if they hold anything. */
export interface Subject {
	readonly actor: Actor;
	readonly blobs: ReadonlyMap<string, Uint8Array>;
	/** Of the version that was there before. */
	readonly sequence?: bigint;
}

export interface Operation {
	readonly name: string;
	/** Makes what is there before it. */
	readonly prepare: (actor: Actor) => Promise<Subject>;
	/** The client's call; `started` is told of a transfer, which can be paused. */
	readonly act: (
		client: BlobClient,
		subject: Subject,
		started: (transfer: Transfer<unknown, unknown>) => void,
	) => PromiseLike<unknown>;
	/** Whether `act` starts a transfer. */
	readonly isTransfer: boolean;
	/** What every key holds when it went well. */
	readonly success: State;
	/** What a key may hold when it did not. */
	readonly failure: readonly State[];
	/** How it ends when it is done again and had its effect before, though its caller could not know. */
	readonly again?: "precondition_failed";
}

/** Four chunks, the last of 100 bytes; as a stream, since what is known to fit one call goes up in one. */
const CHUNKED = 3 * S + 100;

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}

const newKey = () => `faults/${Buffer.from(newId()).toString("hex")}`;

/** The first blob, of most operations the only one. */
function first({ blobs }: Subject): { key: string; bytes: Uint8Array } {
	for (const [key, bytes] of blobs) return { key, bytes };
	throw new Error("a subject without a blob");
}

/** An upload of which so many chunks have arrived, by somebody who is gone. */
async function left(actor: Actor, chunks: number): Promise<Subject> {
	const [key, bytes] = [newKey(), bytesOf(CHUNKED)];
	const id = await begin(actor.store, key, undefined);
	await putAll(actor.store, id, bytes.subarray(0, chunks * S));
	return { actor, blobs: new Map([[key, bytes]]) };
}

const uploads = (options: { precondition?: "absent" }): Omit<Operation, "name" | "prepare"> => ({
	act: (client, subject, started) => {
		const { key, bytes } = first(subject);
		const transfer = client.upload(streamOf(bytes), { key, ...options });
		started(transfer as Transfer<unknown, unknown>);
		return transfer;
	},
	isTransfer: true,
	success: "whole",
	failure: ["whole", "absent"],
});

export const uploadStream: Operation = {
	name: "upload",
	prepare: async (actor) => ({ actor, blobs: new Map([[newKey(), bytesOf(CHUNKED)]]) }),
	...uploads({}),
};

export const resume: Operation = {
	name: "resume",
	prepare: (actor) => left(actor, 2),
	...uploads({}),
};

/** Everything has arrived, and the key must still be free. */
export const commit: Operation = {
	name: "commit",
	prepare: (actor) => left(actor, 4),
	...uploads({ precondition: "absent" }),
	again: "precondition_failed",
};

/** A blob in one call, under a key that must be free. */
export const putBlob: Operation = {
	name: "put",
	prepare: async (actor) => ({ actor, blobs: new Map([[newKey(), bytesOf(10_000)]]) }),
	act: (client, subject, started) => {
		const { key, bytes } = first(subject);
		const transfer = client.upload(bytes, { key, precondition: "absent" });
		started(transfer as Transfer<unknown, unknown>);
		return transfer;
	},
	isTransfer: true,
	success: "whole",
	failure: ["whole", "absent"],
	again: "precondition_failed",
};

/** Three files in one message, over nothing that is there already. */
export const putMany: Operation = {
	name: "put_many",
	prepare: async (actor) => ({
		actor,
		blobs: new Map([1, 2, 3].map((n) => [newKey(), bytesOf(n * 3_000)])),
	}),
	act: async (client, { blobs }, started) => {
		const items = [...blobs].map(([key, source]) => ({ key, source }));
		const transfer = client.uploadAll(items, { skipUnchanged: true });
		started(transfer as Transfer<unknown, unknown>);
		for (const file of (await transfer).files) if (file.status === "failed") throw file.error;
	},
	isTransfer: true,
	success: "whole",
	failure: ["whole", "absent"],
};

export const download: Operation = {
	name: "download",
	prepare: async (actor) => {
		const [key, bytes] = [newKey(), bytesOf(CHUNKED)];
		await upload(actor.store, key, bytes);
		return { actor, blobs: new Map([[key, bytes]]) };
	},
	act: async (client, subject) => {
		const { key, bytes } = first(subject);
		const got = await client.download(key).toBytes();
		if (Buffer.compare(got, bytes) !== 0) throw new Error("it gave other bytes");
	},
	isTransfer: false,
	success: "whole",
	failure: ["whole"],
};

export const remove: Operation = {
	name: "delete",
	prepare: async (actor) => {
		const [key, bytes] = [newKey(), bytesOf(10_000)];
		const { sequence } = await put(actor.store, key, bytes);
		return { actor, blobs: new Map([[key, bytes]]), sequence };
	},
	act: (client, subject) => {
		const { sequence = 0n } = subject;
		return client.delete(first(subject).key, { precondition: { sequence } });
	},
	isTransfer: false,
	success: "absent",
	failure: ["whole", "absent"],
	again: "precondition_failed",
};
