import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { BlobClient, type Change, isBlobError, type StagedItem } from "../../src/client/node/index.js";
import type { MessageRecord } from "../../src/localnet/index.js";
import { passTime } from "../support/clock.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/**
 * A staged batch of many items on the built Wasm, while readers look: 1,000 by `npm test`, 100,000 by
 * `npm run test:staged` (docs/ARCHITECTURE.md has its last result).
 */

const ITEMS = Number(process.env.BLOBS_STAGED ?? 1_000);
/** Keys that hold something before, and deletions of them that stand in the batch. */
const OLD = ITEMS / 100;
const DELETED = OLD / 2;
/** Keys that are deleted and hold nothing: no change of the feed, which keeps 100,000. */
const ABSENT = ITEMS / 100;
const PER_DIRECTORY = 100;
/** Most instructions of the message that reveals, and of any other. */
const MOST_OF_REVEAL = 1e9;
const MOST_OF_MESSAGE = 20e9;

let fixture: StoreFixture;
let blobs: BlobClient;
let reader: BlobClient;
/** To be done between two looks whether the batch is revealed. */
let meanwhile: () => Promise<void> = async () => {};
let messages: MessageRecord[] = [];
beforeAll(async () => {
	if (isNamed) return;
	vi.useFakeTimers({ toFake: ["Date"] });
	fixture = await openStore({ seed: "many", metering: true, onMessage: (message) => messages.push(message) });
	const { canisterId } = fixture;
	const ports = { sleep: () => meanwhile() };
	blobs = new BlobClient({ canisterId, agent: fixture.agent, ports });
	const identity = Ed25519KeyIdentity.generate();
	// The feed is for who reads all.
	await blobs.admin.grantRole(identity.getPrincipal(), "reader");
	reader = new BlobClient({ canisterId, agent: await fixture.network.agent(identity) });
});
afterAll(async () => {
	vi.useRealTimers();
	await fixture?.dispose();
});

const keyOf = (n: number): string =>
	`site/${String(Math.floor(n / PER_DIRECTORY)).padStart(4, "0")}/page-${String(n).padStart(6, "0")}.html`;
const PUBLIC = { visibility: "public" } as const;
const BEFORE = Uint8Array.of(1);
const AFTER = Uint8Array.of(2, 2);

function* items(): Generator<StagedItem> {
	for (let n = 0; n < DELETED; n++) yield { type: "delete", key: keyOf(n) };
	for (let n = DELETED; n < ITEMS - ABSENT; n++)
		yield { type: "put", key: keyOf(n), source: AFTER, ...PUBLIC };
	for (let n = 0; n < ABSENT; n++) yield { type: "delete", key: `never/${n}` };
}
/** What a page of a list, a key or the feed shows: of before, or of after; anything else fails. */
type Seen = "before" | "after";

/** Directories at both ends and in the middle, whose pages are of one query each, and so of one state. */
const DIRECTORIES = [
	0,
	Math.floor(ITEMS / PER_DIRECTORY / 2),
	Math.floor((ITEMS - ABSENT) / PER_DIRECTORY) - 1,
];

async function listed(directory: number): Promise<Seen> {
	const first = directory * PER_DIRECTORY;
	const numbers = Array.from({ length: PER_DIRECTORY }, (_, i) => first + i);
	const sizes: string[] = [];
	const prefix = keyOf(first).slice(0, "site/0000/".length);
	for await (const entry of reader.list({ prefix, visibility: "public" }))
		if (entry.type === "blob") sizes.push(`${entry.blob.key} ${entry.blob.size}`);
	const before = numbers.filter((n) => n < OLD).map((n) => `${keyOf(n)} 1`);
	const after = numbers.filter((n) => n >= DELETED && n < ITEMS - ABSENT).map((n) => `${keyOf(n)} 2`);
	if (sizes.join() === before.join()) return "before";
	expect(sizes).toEqual(after);
	return "after";
}

/** By a certified answer, of presence and of absence. */
async function proven(n: number): Promise<Seen> {
	const size = await reader.stat(keyOf(n)).then(
		({ size }) => size,
		(error: unknown) => {
			if (isBlobError(error, "blob_not_found")) return 0;
			throw error;
		},
	);
	const [before, after] = [n < OLD ? 1 : 0, n < DELETED ? 0 : 2];
	expect([before, after]).toContain(size);
	return size === before ? "before" : "after";
}

async function fed(): Promise<Seen> {
	const changes: Change[] = [];
	for await (const change of reader.changes({ after: start })) changes.push(change);
	if (changes.length === 0) return "before";
	// Each once, all of them: as one batch.
	expect(changes.map(({ inBatch }) => inBatch?.index)).toEqual(changes.map((_, index) => index));
	expect(changes.filter(({ type }) => type === "deleted")).toHaveLength(DELETED);
	expect(changes).toHaveLength(ITEMS - ABSENT);
	return "after";
}
let start: Awaited<ReturnType<BlobClient["latestCursor"]>>;

const LOOKED_AT = [0, DELETED, OLD, ITEMS - ABSENT - 1];
/** What each reader sees now, of the same state: what is read costs the store nothing, and the clock stands. */
async function look(): Promise<Set<Seen>> {
	const seen = new Set<Seen>();
	for (const directory of DIRECTORIES) seen.add(await listed(directory));
	for (const n of LOOKED_AT) seen.add(await proven(n));
	return seen;
}

/** Messages that are not asked for: timers, which call the canister itself. */
const ofTimers = () =>
	messages.filter(({ method, kind }) => kind === "update" && !method.startsWith("blobs_"));

test.skipIf(isNamed)(
	"C132 of many items on the real Wasm readers see before or after, by proof, list and feed, and one cheap message reveals them",
	{
		timeout: 3_600_000,
	},
	async () => {
		const old = Array.from({ length: OLD }, (_, n) => ({ key: keyOf(n), source: BEFORE, ...PUBLIC }));
		expect((await blobs.uploadMany(old).done).failed).toBe(0);
		start = await reader.latestCursor();
		messages = [];
		const { batch, items: staged } = await blobs.stage(items());
		expect(staged).toBe(ITEMS);
		const stagings = messages
			.filter(({ method, kind }) => method === "blobs_stage" && kind === "update")
			.map(({ instructions }) => Number(instructions));

		let steps = 0;
		let last: MessageRecord[] = [];
		const all: number[] = [];
		meanwhile = async () => {
			expect(await look()).toEqual(new Set(["before"]));
			if (steps++ % 20 === 0) expect(await fed()).toBe("before");
			messages = [];
			passTime(fixture, 1_000);
			last = ofTimers();
			all.push(...last.map(({ instructions }) => Number(instructions)));
		};
		const version = await blobs.reveal(batch);
		expect(await look()).toEqual(new Set(["after"]));
		expect(await fed()).toBe("after");
		expect((await blobs.admin.statistics()).blobs).toBe(ITEMS - ABSENT - DELETED);

		// Timers may take a step before it in the same block, or one after it that settles what it left: both are dear.
		const made = last.filter(({ canisterVersion }) => canisterVersion === version.canisterVersion);
		expect(made).toHaveLength(1);
		const reveal = Number(made[0]!.instructions);
		const figures = { items: ITEMS, messages: stagings.length, dearestStaging: Math.max(...stagings) };
		const prepared = { steps, dearestStep: Math.max(...all), reveal, change: Number(version.sequence) };
		console.log(JSON.stringify({ ...figures, ...prepared }));
		expect(Math.max(...stagings, ...all)).toBeLessThan(MOST_OF_MESSAGE);
		expect(reveal).toBeLessThan(MOST_OF_REVEAL);
	},
);
