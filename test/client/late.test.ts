import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BlobClient, Transfer, Version } from "../../src/client/index.js";
import type { SeenRequest } from "../../src/localnet/index.js";
import { VirtualTime } from "../faults/support/time.js";
import { type Actor, World } from "../faults/support/world.js";
import { newId } from "../support/store.js";
import { bytesOf, put, S } from "../support/transfers.js";

/** Histories of a change whose answer is lost, over the network and in its time, past the life of receipts. */

const MINUTE = 60_000;
const LATE_MS = 20 * MINUTE;
/** No operation takes longer, its twenty minutes included. */
const LIMIT_MS = 60 * MINUTE;

const world = new World(new VirtualTime());
beforeAll(() => world.open());
afterEach(() => world.network.faults.clear());
afterAll(() => world.dispose());

interface Subject {
	readonly actor: Actor;
	readonly key: string;
	readonly bytes: Uint8Array;
	/** Of the blob that is there before, where there is one. */
	readonly version: Version;
}

async function subject(isThere: boolean): Promise<Subject> {
	const actor = await world.actor();
	const key = `late/${Buffer.from(newId()).toString("hex")}`;
	const bytes = bytesOf(10_000);
	const prepare = async () => {
		const made = isThere ? await put(actor.store, key, bytes) : { sequence: 0n, canister_version: 0n };
		return { sequence: made.sequence, canisterVersion: made.canister_version };
	};
	const version = await world.time.run(prepare(), MINUTE);
	// What is changed later is changed at another time.
	await world.time.pass(1_000);
	return { actor, key, bytes, version };
}

type Act = (client: BlobClient, subject: Subject) => PromiseLike<unknown>;

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}
/** Three chunks of another size than the first. */
const large = bytesOf(2 * S + 100);

/** Told of the transfer that an act starts. */
let started = (_transfer: Transfer<unknown, unknown>) => {};
const seen = <Result, P>(transfer: Transfer<Result, P>): Promise<Result> => {
	started(transfer as Transfer<unknown, unknown>);
	return transfer.done;
};

const uploads: Record<string, { method: string; isThere: false; act: Act }> = {
	put: {
		method: "blobs_put_blob",
		isThere: false,
		act: (client, { key, bytes }) => seen(client.upload(bytes, { key, ifNoneMatch: "*" })),
	},
	commit: {
		method: "blobs_commit_upload",
		isThere: false,
		act: (client, { key }) => seen(client.upload(streamOf(large), { key, ifNoneMatch: "*" })),
	},
	"put of many": {
		method: "blobs_put_many",
		isThere: false,
		act: async (client, { key, bytes }) => {
			const items = [1, 2].map((n) => ({
				key: `${key}/${n}`,
				source: bytes,
				ifNoneMatch: "*" as const,
			}));
			const { items: files } = await seen(client.uploadMany(items));
			for (const file of files) if (file.status === "failed") throw file.error;
		},
	},
};
const changes: Record<string, { method: string; isThere: true; act: Act }> = {
	delete: {
		method: "blobs_delete",
		isThere: true,
		act: (client, { key, version }) => client.delete(key, { ifMatch: version }),
	},
	update: {
		method: "blobs_update",
		isThere: true,
		act: (client, { key, version }) => client.update(key, { visibility: "public", ifMatch: version }),
	},
	copy: {
		method: "blobs_copy",
		isThere: true,
		act: (client, { key }) => client.copy(key, `${key}/copy`, { ifNoneMatch: "*" }),
	},
};

/**
 * Runs an operation with a fault at its call of `method` and at what comes after that.
 * @returns how many changes the store has made
 */
async function act(
	{ method, isThere, act: start }: { method: string; isThere: boolean; act: Act },
	befalls: (request: SeenRequest, sinceHit: number) => "reply-lost" | "lost" | undefined,
): Promise<bigint> {
	const about = await subject(isThere);
	const before = (await world.stats()).status.last.sequence;
	let sinceHit = -1;
	world.network.faults.when((request) => {
		if (sinceHit < 0 && request.method !== method) return undefined;
		return befalls(request, ++sinceHit);
	});
	await world.time.run(start(world.client(about.actor), about), LIMIT_MS);
	world.network.faults.clear();
	return (await world.stats()).status.last.sequence - before;
}

describe("executed, its answer lost, the machine asleep for twenty minutes", () => {
	for (const [name, operation] of Object.entries({ ...uploads, ...changes })) {
		it(`during an attempt of a ${name}`, async () => {
			const made = await act(operation, (_, since) => {
				// The first attempt is executed; the machine falls asleep as it asks what became of that.
				if (since === 1) world.time.jump(LATE_MS);
				return since === 0 ? "reply-lost" : since === 1 ? "lost" : undefined;
			});
			expect(made).toBe(name === "put of many" ? 2n : 1n);
		});

		it(`between two attempts of a ${name}`, async () => {
			const made = await act(operation, (_, since) => {
				// Past the client's wait for its next attempt, which begins by the clock of the machine.
				if (since === 0) setTimeout(() => world.time.jump(LATE_MS), 0);
				return since === 0 ? "reply-lost" : undefined;
			});
			expect(made).toBe(name === "put of many" ? 2n : 1n);
		});
	}
});

describe("executed, its answer lost, the transfer paused for twenty minutes without a network", () => {
	for (const [name, operation] of Object.entries(uploads))
		it(name, async () => {
			let isPaused = false;
			started = (transfer) => {
				pause = () => {
					isPaused = true;
					transfer.pause();
					setTimeout(() => {
						isPaused = false;
						void transfer.resume();
					}, LATE_MS);
				};
			};
			let pause = () => {};
			const made = await act(operation, (_, since) => {
				if (since === 0) pause();
				return since === 0 ? "reply-lost" : isPaused ? "lost" : undefined;
			});
			expect(made).toBe(name === "put of many" ? 2n : 1n);
		});
});
