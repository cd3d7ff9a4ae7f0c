import { randomBytes } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { u64Key } from "../src/canister/engine/codec.js";
import { type Grant, Holding, markOf, NO_BOUND } from "../src/canister/engine/grant-record.js";
import { MEMORY } from "../src/canister/memory.js";
import { MAX_GRANT_LEVELS, MAX_GRANTS } from "../src/protocol/index.js";
import { newId } from "../test/support/published.js";
import type { Figures } from "./figures.js";
import { MeteredStore } from "./metered.js";
import { buildFiller, fill } from "./million/filler.js";

const GRANTS = 100_000;
const PREFIX = "inbox/ann/";

/**
 * What a grantee's message costs more than the same of a writer by role, with 100,000 grants in the store: for the holder
 * of one grant that an administrator gave, and for the dearest check there is. There the holder has as many as it can,
 * the last of which is for the key, and each is part of others as often as one can be.
 */
export async function measureGrants(
	workplace: string,
): Promise<Pick<Figures, "grantCheckInstructions" | "grantPartCheckInstructions">> {
	const store = await MeteredStore.deploy(await buildFiller(workplace));
	try {
		const [guest, part] = [Ed25519KeyIdentity.generate(), Ed25519KeyIdentity.generate()];
		const [guestBytes, partBytes] = [guest, part].map((its) => its.getPrincipal().toUint8Array());
		await fill(store, MEMORY.grants, records(guestBytes!, partBytes!));
		return {
			grantCheckInstructions: await costOfCheck(store, guest),
			grantPartCheckInstructions: await costOfCheck(store, part),
		};
	} finally {
		await store.dispose();
	}
}

/** Messages with and without the role, in turn: what one leaves behind makes the next dearer or cheaper. */
const TIMES = 9;

async function costOfCheck(store: MeteredStore, guest: Ed25519KeyIdentity): Promise<number> {
	const who = guest.getPrincipal();
	const [byGrant, byRole]: [number[], number[]] = [[], []];
	// The first message gives its sender an account.
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

/** A deletion where there is nothing: little else is done than to look whether it may be. */
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

function* records(guest: Uint8Array, part: Uint8Array): Generator<readonly [Uint8Array, Uint8Array]> {
	let sequence = 1;
	const holdingOf = (who: Uint8Array, count: number, under: Grant | undefined) => {
		const holding = new Holding(who, undefined);
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
				level: (under?.level ?? 0) + 1,
				under: under && { who: under.who, id: under.id, sequence: under.sequence },
				above: under === undefined ? [] : [under.sequence, ...under.above],
				usedBytes: 0,
				usedBlobs: 0,
			};
			holding.add(last);
		}
		return {
			record: [who, holding.encode()] as const,
			last,
			marks: holding.all().map((grant) => [markOf(u64Key(grant.sequence)), new Uint8Array(0)] as const),
		};
	};
	let under: Grant | undefined;
	for (let level = 1; level < MAX_GRANT_LEVELS; level++) {
		const { record, marks, last } = holdingOf(randomBytes(29), MAX_GRANTS, under);
		yield record;
		yield* marks;
		under = last;
	}
	yield holdingOf(part, MAX_GRANTS, under).record;
	yield holdingOf(guest, 1, undefined).record;
	while (sequence <= GRANTS) {
		const { record, marks } = holdingOf(randomBytes(29), 1, undefined);
		yield record;
		yield* marks;
	}
}
