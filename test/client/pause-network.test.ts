import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { BlobClient } from "../../src/client/node/index.js";
import { nodePorts } from "../../src/client/node/ports.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { pseudoBytes } from "./support/memory-store.js";

/** A paused upload sends nothing to the network, whatever it was doing. */

const S = 131_072;
const SIZE = 2_064_384 + 3 * S;
const CHUNKS = Math.ceil(SIZE / S);

let fixture: StoreFixture;
let executed: string[] = [];

/** While it is held, nobody passes the door. */
function door() {
	let open = () => {};
	let held: Promise<void> | undefined;
	return {
		waiting: 0,
		hold() {
			held = new Promise((resolve) => {
				open = resolve;
			});
		},
		release() {
			held = undefined;
			open();
		},
		async pass() {
			if (!held) return;
			this.waiting++;
			await held;
			this.waiting--;
		},
	};
}

let signing = door();
let sleeping = door();

const key = Ed25519KeyIdentity.generate();
const sign = key.sign.bind(key);
key.sign = async (content) => {
	await signing.pass();
	return sign(content);
};
const ports = { ...nodePorts, sleep: () => sleeping.pass() };

beforeAll(async () => {
	fixture = await openStore(
		{ onMessage: ({ method, kind }) => kind === "update" && executed.push(method) },
		key,
	);
});
beforeEach(() => {
	executed = [];
	signing = door();
	sleeping = door();
});
afterEach(() => fixture.network.local!.faults.clear());
afterAll(() => fixture.dispose());

const puts = () => executed.filter((method) => method === "blobs_put_chunk").length;

/** Time enough for whatever would go out. */
const some = () => new Promise((resolve) => setTimeout(resolve, 100));

async function clientOf() {
	const { url: host, rootKey } = fixture.network;
	const agent = await HttpAgent.create({ host, rootKey, identity: key, retryTimes: 0 });
	return new BlobClient({ agent, canisterId: fixture.canisterId, chunkBytes: S, ports });
}

it("keeps back what was being signed", async () => {
	const transfer = (await clientOf()).upload(pseudoBytes(SIZE), { key: "signed" });
	const off = transfer.on("progress", ({ hashed }) => hashed > 0 && signing.waiting === 0 && signing.hold());
	await vi.waitFor(() => expect(signing.waiting).toBeGreaterThan(0), { timeout: 30_000 });
	off();
	transfer.pause();
	const { sent } = transfer.progress;
	signing.release();
	await some();
	expect(transfer.progress.sent).toBe(sent);
	expect(puts() * S).toBeLessThanOrEqual(sent);
	await transfer.resume();
	await transfer.done;
	expect(puts()).toBe(CHUNKS);
});

it("keeps back what waited to be tried again", async () => {
	const { faults } = fixture.network.local!;
	const rule = faults.every(1, { status: 503 }, { method: "blobs_put_chunk" });
	sleeping.hold();
	const transfer = (await clientOf()).upload(pseudoBytes(SIZE), { key: "refused" });
	await vi.waitFor(() => expect(sleeping.waiting).toBeGreaterThan(0), { timeout: 30_000 });
	transfer.pause();
	// What is under way comes to its end.
	await some();
	const { hits } = rule;
	sleeping.release();
	await some();
	expect(rule.hits).toBe(hits);
	faults.clear();
	await transfer.resume();
	await transfer.done;
	expect(puts()).toBe(CHUNKS);
});
