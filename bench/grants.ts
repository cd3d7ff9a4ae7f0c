import { randomBytes } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Accounts } from "../src/canister/engine/accounts/accounts.js";
import { type Grant, Holding, NO_BOUND } from "../src/canister/engine/accounts/grant-record.js";
import { Counters } from "../src/canister/engine/base/counters.js";
import { Marks } from "../src/canister/engine/base/marks.js";
import { MEMORY } from "../src/canister/host/memory.js";
import { MAX_GRANT_LEVELS, MAX_GRANTS } from "../src/protocol/index.js";
import { newId } from "../test/support/published.js";
import type { Figures } from "./figures.js";
import { MeteredStore } from "./metered.js";
import { buildFiller, fill, HeapMap } from "./million/filler.js";

const GRANTS = 100_000;
const PREFIX = "inbox/ann/";

/**
 * Additional cost of a grantee's message over a writer's by role, with 100,000 grants in the store: for the holder of a
 * single grant, and for the most expensive check. In the latter the holder has the maximum number of grants, only the
 * last one matches the key, and each has the maximum number of parents.
 */
export async function measureGrants(
	workplace: string,
): Promise<Pick<Figures, "grantCheckInstructions" | "grantPartCheckInstructions">> {
	const store = await MeteredStore.deploy(await buildFiller(workplace));
	try {
		const [guest, part] = [Ed25519KeyIdentity.generate(), Ed25519KeyIdentity.generate()];
		const [guestBytes, partBytes] = [guest, part].map((its) => its.getPrincipal().toUint8Array());
		const { accounts, grants } = records(guestBytes!, partBytes!);
		await fill(store, MEMORY.accounts, accounts.records());
		await fill(store, MEMORY.grants, grants.records());
		return {
			grantCheckInstructions: await costOfCheck(store, guest),
			grantPartCheckInstructions: await costOfCheck(store, part),
		};
	} finally {
		await store.dispose();
	}
}

/** Messages with and without the role, in turns: the state that one leaves behind changes the cost of the next. */
const TIMES = 9;

async function costOfCheck(store: MeteredStore, guest: Ed25519KeyIdentity): Promise<number> {
	const who = guest.getPrincipal();
	const [byGrant, byRole]: [number[], number[]] = [[], []];
	// The first message creates its sender's account.
	await costOf(store, guest);
	for (let n = 0; n < TIMES; n++) {
		byGrant.push(await costOf(store, guest));
		await store.call("blobs_grant_role", { id: newId(), who, role: { writer: null } });
		byRole.push(await costOf(store, guest));
		await store.call("blobs_revoke_role", { id: newId(), who, role: { writer: null } });
	}
	return median(byGrant) - median(byRole);
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** A deletion of an absent key: almost all of its work is the check of permission. */
async function costOf(store: MeteredStore, identity: Ed25519KeyIdentity): Promise<number> {
	const agent = await store.agentOf(identity);
	const before = store.messages.length;
	const request = { id: newId(), key: `${PREFIX}a`, precondition: { none: null } };
	await store.sendAsUpdate(agent, "blobs_delete", store.argument("blobs_delete", request));
	const record = store.messages
		.slice(before)
		.find(({ method, kind }) => method === "blobs_delete" && kind === "update");
	if (record === undefined) throw new Error("a deletion was not executed");
	return Number(record.instructions);
}

function records(guest: Uint8Array, part: Uint8Array): { accounts: HeapMap; grants: HeapMap } {
	const maps = { accounts: new HeapMap(), grants: new HeapMap() };
	const accounts = new Accounts(maps.accounts);
	const marks = new Marks(maps.grants, new Counters(new HeapMap()));
	let sequence = 1;
	const give = (who: Uint8Array, count: number, under: Grant | undefined) => {
		const holding = new Holding(who, new Uint8Array(0));
		let last: Grant | undefined;
		for (let n = 0; n < count; n++) {
			last = {
				who,
				id: Uint8Array.of(n, ...randomBytes(15)),
				sequence: sequence++,
				role: "writer",
				prefix: n === count - 1 ? PREFIX : `other/${n}/`,
				endsAt: NO_BOUND,
				bytes: NO_BOUND,
				blobs: NO_BOUND,
				publicOnly: false,
				overOthers: false,
				mayGive: true,
				mayPurge: false,
				level: (under?.level ?? 0) + 1,
				under: under && { who: under.who, id: under.id, sequence: under.sequence },
				mark: marks.next,
				above: under === undefined ? [] : [under.mark, ...under.above],
				usedBytes: 0,
				usedBlobs: 0,
			};
			holding.add(last);
			marks.add();
		}
		accounts.change(who).grants = holding.encode();
		accounts.flush();
		accounts.forget();
		return last;
	};
	let under: Grant | undefined;
	for (let level = 1; level < MAX_GRANT_LEVELS; level++) under = give(randomBytes(29), MAX_GRANTS, under);
	give(part, MAX_GRANTS, under);
	give(guest, 1, undefined);
	while (sequence <= GRANTS) give(randomBytes(29), 1, undefined);
	return maps;
}
