import { chargeOf } from "../../../src/canister/engine/accounts/charges.js";
import {
	isPublic,
	MAX_LIST_PAGE,
	type WireAccount,
	type WireManifest,
	type WirePrincipal,
} from "../../../src/protocol/index.js";
import { ok } from "../../support/store.js";
import { none, S } from "../../support/transfers.js";
import type { State, Subject } from "./operations.js";
import type { Actor, World } from "./world.js";

/** What a case left when it was over. */
export interface Remains {
	readonly name: string;
	readonly subject: Subject;
	readonly states: ReadonlyMap<string, State>;
}

interface Held {
	blobs: number;
	bytes: number;
	chunks: number;
	/** Those of more than SMALL bytes. */
	large: number;
}

/** Chunks of at most so many bytes share slots (docs/STORAGE.md). */
const SMALL = 16_384;

/** All that the store knows, by key and by principal. */
interface Known {
	readonly manifests: ReadonlyMap<string, WireManifest>;
	readonly accounts: ReadonlyMap<string, WireAccount>;
}

async function known({ store }: World): Promise<Known> {
	const manifests = new Map<string, WireManifest>();
	const listed = { prefix: "", recursive: true, limit: MAX_LIST_PAGE, ...none };
	const blobs = pages(async (after: [] | [string]) => ok(await store.blobs_list({ ...listed, after })));
	for await (const { entries } of blobs)
		for (const entry of entries) if ("blob" in entry) manifests.set(entry.blob.key, entry.blob);

	const accounts = new Map<string, WireAccount>();
	const all = pages(async (after: [] | [WirePrincipal]) =>
		ok(await store.blobs_list_accounts({ after, limit: MAX_LIST_PAGE })),
	);
	for await (const page of all)
		for (const account of page.accounts) accounts.set(account.who.toText(), account);
	return { manifests, accounts };
}

async function* pages<After, Page extends { next: [] | [After] }>(
	ask: (after: [] | [After]) => Promise<Page>,
): AsyncGenerator<Page> {
	let after: [] | [After] = [];
	do {
		const page = await ask(after);
		yield page;
		after = page.next;
	} while (after.length > 0);
}

/** What the whole blobs of a case take; all larger ones were cut at S. */
function heldBy({ manifests }: Known, { subject, states }: Remains): Held {
	const held = { blobs: 0, bytes: 0, chunks: 0, large: 0 };
	for (const [key, { length }] of subject.blobs) {
		if (states.get(key) !== "whole") continue;
		held.blobs++;
		for (let at = 0; at < length; at += S) {
			held.chunks++;
			if (length - at > SMALL) held.large++;
		}
		const manifest = manifests.get(key);
		if (!manifest) throw new Error(`${key} is not listed`);
		held.bytes += chargeOf(key, length, S, isPublic(manifest), manifest);
	}
	return held;
}

/** The cases that one actor did, who has one quota. */
function byActor(remains: readonly Remains[]): Iterable<[Remains, ...Remains[]]> {
	const found = new Map<Actor, [Remains, ...Remains[]]>();
	for (const each of remains) {
		const before = found.get(each.subject.actor);
		if (before) before.push(each);
		else found.set(each.subject.actor, [each]);
	}
	return found.values();
}

/**
 * Compares what the store counts with what the cases left behind: by each one's quota, then in all.
 * @returns what does not agree, by the case's name
 */
export async function checkLeaks(world: World, remains: readonly Remains[]): Promise<string[]> {
	const wrong: string[] = [];
	const compare = (name: string, what: string, actual: bigint | number, expected: number) => {
		if (Number(actual) !== expected) wrong.push(`${name}: ${what} is ${actual}, not ${expected}`);
	};
	const all = { blobs: 0, bytes: 0, chunks: 0, large: 0 };
	let mostSmall = 0;
	const store = await world.time.run(known(world), 60_000);
	for (const cases of byActor(remains)) {
		const [{ name, subject }] = cases;
		const who = subject.actor.identity.getPrincipal().toText();
		const usage = store.accounts.get(who)?.usage;
		if (!usage) throw new Error(`${name}: ${who} is not listed`);
		const theirs = { blobs: 0, bytes: 0 };
		for (const each of cases) {
			const held = heldBy(store, each);
			for (const name of ["blobs", "bytes"] as const) theirs[name] += held[name];
			for (const name of ["blobs", "bytes", "chunks", "large"] as const) all[name] += held[name];
			for (const { length } of each.subject.blobs.values()) if (length % S <= SMALL) mostSmall++;
		}
		const named = cases.length > 1 ? `${name}, and ${cases.length - 1} more` : name;
		compare(named, "open uploads", usage.open_uploads, 0);
		compare(named, "blobs of the quota", usage.blobs, theirs.blobs);
		compare(named, "bytes of the quota", usage.bytes, theirs.bytes);
	}
	const stats = await world.stats();
	compare("all cases", "open uploads", stats.open_uploads, 0);
	compare("all cases", "blobs", stats.blobs, all.blobs);
	compare("all cases", "bytes", stats.bytes, all.bytes);
	compare("all cases", "chunks", stats.chunks, all.chunks);
	// Every large chunk has a slot of its own; five small ones share one, which stays theirs when they are gone.
	const slots = Number(stats.slots_made - stats.slots_free);
	const shared = slots - all.large;
	if (shared < 0 || shared > 1 + Math.ceil(mostSmall / 5))
		wrong.push(
			`all cases: ${slots} slots are in use, for ${all.large} large chunks and up to ${mostSmall} small ones`,
		);
	return wrong;
}
