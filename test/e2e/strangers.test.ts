import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_CHUNK_BYTES, METHODS, type MethodName } from "../../src/protocol/index.js";
import { figure, readDocument } from "../docs/document.js";
import { ALL, anonymous, REQUESTS, UPDATES } from "../support/requests.js";
import { argument, FREE, send } from "../support/send.js";
import { isNamed, newId, ok, openStore, publication, rootOf, type StoreFixture } from "../support/store.js";

/** Costs that a principal without a role can cause the canister. */

let fixture: StoreFixture;
let stranger: HttpAgent;
beforeAll(async () => {
	fixture = await openStore({ metering: true });
	stranger = await fixture.network.agent(Ed25519KeyIdentity.generate());
});
afterAll(() => fixture.dispose());

const requestOf = (name: MethodName) => argument(name, ...REQUESTS[name]("requests/a"));

/** Not by its name alone: a network that is named counts nothing. */
const isFree = async (agent: HttpAgent, name: string, arg: Uint8Array) =>
	expect(await send(fixture, agent, name, arg), name).toEqual(FREE);

const OPEN: MethodName[] = ["blobs_stat", "blobs_account"];
const large = new Uint8Array(2_000_000);

describe("are refused free of charge", () => {
	test("methods that do not exist, and those of Azle itself, from all", async () => {
		const empty = new Uint8Array(IDL.encode([], []));
		for (const name of ["nothing", "blobs_nothing", "http_request", "http_request_update", "_azle_chunk"])
			for (const agent of [stranger, fixture.agent]) await isFree(agent, name, empty);
		await isFree(fixture.agent, "_azle_heap_allocation", empty);
	});

	test("queries as updates, but for a stat and the account of one's own", async () => {
		for (const name of ALL)
			if (METHODS[name].kind === "query" && !OPEN.includes(name))
				await isFree(stranger, name, requestOf(name));
	});

	test("messages over 4 KiB, and 2 MB behind what a method takes", async () => {
		await isFree(stranger, "blobs_put_chunk", argument("blobs_put_chunk", newId(), 0, large));
		const parts = publication(rootOf(large, MAX_CHUNK_BYTES));
		const whole = argument("blobs_put_blob", { id: newId(), key: "a", ...parts }, large);
		await isFree(stranger, "blobs_put_blob", whole);
		const blobs = Array.from({ length: 500 }, (_, n) => ({
			key: `a/long/key/${n}`,
			precondition: { none: null },
		}));
		await isFree(stranger, "blobs_delete_many", argument("blobs_delete_many", { id: newId(), blobs }));
		const surplus = new Uint8Array(IDL.encode([IDL.Vec(IDL.Nat8)], [large]));
		for (const name of ["blobs_status", "blobs_stats", "blobs_metrics", "blobs_account"]) {
			await isFree(stranger, name, surplus);
			// From the controller as well: no request has so much.
			await isFree(fixture.agent, name, surplus);
		}
	});

	test("large chunks from who has an upload open and no role any more", async () => {
		const identity = Ed25519KeyIdentity.generate();
		const role = { who: identity.getPrincipal(), role: { writer: null } };
		ok(await fixture.store.blobs_grant_role({ id: newId(), ...role }));
		const id = newId();
		const as = await fixture.storeFor(identity);
		ok(await as.blobs_begin_upload({ id, key: "open", size: [], chunk_size: MAX_CHUNK_BYTES }));
		const agent = await fixture.network.agent(identity);
		const chunk = argument("blobs_put_chunk", id, 0, large);
		expect((await send(fixture, agent, "blobs_put_chunk", chunk)).code).toBeUndefined();
		ok(await fixture.store.blobs_revoke_role({ id: newId(), ...role }));
		await isFree(agent, "blobs_put_chunk", chunk);
	});

	test("everything anonymous but a stat", async () => {
		const agent = await fixture.network.agent(anonymous);
		for (const name of ALL) if (name !== "blobs_stat") await isFree(agent, name, requestOf(name));
	});
});

/** The table of PROTOCOL.md: the row that begins so, in cycles. */
function documented(row: string): number {
	const line = readDocument("PROTOCOL.md")
		.split("\n")
		.find((text) => text.startsWith(`| ${row}`));
	const [, millions] = line?.match(/\| ([\d,]+) M \|$/) ?? [];
	return figure(millions!) * 1e6;
}

describe.skipIf(isNamed)("what stays open costs at most what is documented", () => {
	test("a stat of the longest key, with the most metadata", async () => {
		const key = Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(31, "x")).join("/");
		const content = Uint8Array.of(1);
		const metadata = Array.from({ length: 32 }, (_, n): [string, string] => [`name-${n}`, "v".repeat(100)]);
		const parts = publication(rootOf(content, MAX_CHUNK_BYTES), { metadata });
		ok(await fixture.store.blobs_put_blob({ id: newId(), key, ...parts }, content));
		const most = documented("`blobs_stat`");
		for (const agent of [stranger, await fixture.network.agent(anonymous)]) {
			const { code, cycles } = await send(
				fixture,
				agent,
				"blobs_stat",
				argument("blobs_stat", { key, min_version: [] }),
			);
			expect([code, cycles > 0, cycles <= most ? "within" : cycles]).toEqual([undefined, true, "within"]);
		}
	});

	test("one's account", async () => {
		const { cycles } = await send(fixture, stranger, "blobs_account", requestOf("blobs_account"));
		expect(cycles).toBeLessThan(documented("`blobs_account`"));
	});

	test("an update of 4 KiB, refused by its role", async () => {
		const most = documented("any method that changes");
		const blobs = Array.from({ length: 160 }, (_, n) => ({
			key: `${n}`.padStart(16, "k"),
			precondition: { none: null },
		}));
		const many = argument("blobs_delete_many", { id: newId(), blobs });
		expect(many.length).toBeLessThanOrEqual(4_096);
		const chunk = argument("blobs_put_chunk", newId(), 0, new Uint8Array(4_000));
		const sent: [MethodName, Uint8Array][] = [
			["blobs_delete_many", many],
			["blobs_put_chunk", chunk],
		];
		for (const name of UPDATES) sent.push([name, requestOf(name)]);
		for (const [name, arg] of sent)
			expect((await send(fixture, stranger, name, arg)).cycles, name).toBeLessThan(most);
	});
});
