import { isDeepStrictEqual } from "node:util";
import type { Principal } from "@dfinity/principal";
import { expect } from "vitest";
import { COUNTER, Counters } from "../../../../src/canister/engine/base/counters.js";
import { Engine, Refusal } from "../../../../src/canister/engine/index.js";
import { State } from "../../../../src/canister/engine/state.js";
import { MEMORY } from "../../../../src/canister/host/memory.js";
import {
	type CandidType,
	chunkCount,
	decodeValue,
	encodeValue,
	errorCode,
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	manifests,
	type WireManifest,
	type WireQuota,
	type WireResult,
} from "../../../../src/protocol/index.js";
import { isLong } from "../../../support/long.js";
import { type PlainChange, type PlainOk, plain, plainChange, versionOf } from "../../../support/plain.js";
import { ask } from "../ask.js";
import { opened } from "../staged-store.js";
import { FakeHost, MapStorage } from "../surroundings.js";
import { listedFor } from "./bin.js";
import { type Call, type Command, KEYS } from "./draws.js";
import { expectationOf } from "./expectation.js";
import { grantName, holding, replayFeed } from "./feed.js";
import { listed, type ModelGrant } from "./grants.js";
import {
	CANISTER_VERSION,
	CONTROLLER,
	Model,
	type Piece,
	PRINCIPALS,
	Refused,
	type RoleName,
} from "./model.js";
import { linkName, listedLinks, listedOffers, ownedBy } from "./owners.js";
import { toWire } from "./staged.js";

/** After every so many commands all that is stored is compared; answers always are. */
const COMPARED = 10;

/** An engine and the model of it, which are told the same and must say the same. */
export class World {
	/** How often what happened in all worlds: histories in which nothing does test nothing. */
	static readonly happened = new Map<string, number>();
	readonly storage = new MapStorage();
	readonly host = new FakeHost(PRINCIPALS[CONTROLLER]!.toUint8Array());
	engine = this.#start();
	readonly model = new Model();
	readonly #log: Call[] = [];
	readonly #sealed: PlainChange[] = [];
	#commands = 0;

	constructor() {
		this.host.canisterVersion = () => CANISTER_VERSION;
		// As in updates: what proves an answer is tested elsewhere, and takes longer than the answer.
		this.host.certificate = () => undefined;
		this.model.now = this.host.time;
		const roles: [number, RoleName][] = [
			[1, "writer"],
			[2, "writer"],
			[3, "reader"],
		];
		for (const [who, role] of roles)
			this.call({
				who: CONTROLLER,
				method: "blobs_grant_role",
				args: [
					{ id: new Uint8Array(16).fill(100 + who), who: PRINCIPALS[who]!, role: { [role]: null } as never },
				],
			});
	}

	/** Leaves writers without their roles: guests, who may what grants let them. */
	takeRoles(): void {
		for (const who of [1, 2]) {
			const request = {
				id: new Uint8Array(16).fill(120 + who),
				who: PRINCIPALS[who]!,
				role: { writer: null },
			};
			this.call({ who: CONTROLLER, method: "blobs_revoke_role", args: [request] });
		}
	}

	switchImport(method: "blobs_begin_import" | "blobs_end_import"): void {
		const id = new Uint8Array(16).fill(method === "blobs_begin_import" ? 130 : 131);
		this.call({ who: CONTROLLER, method, args: [{ id }] });
	}

	/** Gives everybody a quota of so many blobs, and of all else more than there is. */
	setPlaces(count: number): void {
		const much = 2n ** 40n;
		const quota = {
			open_uploads: 1_000,
			blobs: BigInt(count),
			bytes: much,
			received_per_day: much,
			changes_per_day: much,
			cycles_per_day: much,
		};
		const request = { id: new Uint8Array(16).fill(110), who: [] as [], quota: [quota] as [WireQuota] };
		this.call({ who: CONTROLLER, method: "blobs_set_quota", args: [request] });
	}

	/** What an upgrade does: another engine over the same memory. */
	#start(): Engine {
		const engine = new Engine(this.storage, this.host);
		engine.start();
		return engine;
	}

	/** Answers what became of it, where it was a call. */
	run(command: Command): string | undefined {
		let became: string | undefined;
		if (command.do === "restart") this.engine = this.#start();
		else if (command.do === "clean") this.clean(command.later);
		else if (command.do === "wait") this.wait(command.later);
		else if (command.do === "again") {
			const call = this.#log.at(-1 - command.back);
			if (call !== undefined) became = this.call(call, "again ");
		} else {
			const call = command.make(this.model);
			this.#log.push(call);
			became = this.call(call);
		}
		// Comparing everything takes longer than the command. What was wrong once stays so until it is compared.
		if (isLong || ++this.#commands % COMPARED === 0) this.compare();
		return became;
	}

	count(what: string): void {
		World.happened.set(what, (World.happened.get(what) ?? 0) + 1);
	}

	/** Asks both, and compares their answers. Answers the method, and the code of its refusal or that it was done. */
	call({ who, method, args }: Call, note = ""): string {
		const over = [...this.model.blobs.values()].filter((blob) => this.model.isOver(blob));
		const usedBefore = new Map(this.model.grants.all.map((grant) => [grant, grant.blobs]));
		let expected: unknown;
		try {
			expected = expectationOf(this.model, who, method, args);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			expected = error.code;
		}
		const got = this.#answer(who, method, args);
		same(method === "blobs_begin_upload" ? partOf(got, expected) : got, expected, `${who} ${method}`);
		if (over.some((blob) => this.model.get(blob.manifest.key) !== undefined))
			this.count("put over what was over");
		const became = `${method} ${typeof expected === "string" ? expected : "done"}`;
		this.count(note + became);
		if (became === "blobs_take_offer done" && this.model.owners.actsFor(who) !== who)
			this.count("taken by who acts for another");
		const [publication] = args as [{ as?: unknown[] }];
		if (publication.as?.length === 1 && typeof expected !== "string") this.count("published as another's");
		for (const grant of this.model.grants.all) this.#countUse(who, grant, usedBefore.get(grant));
		return became;
	}

	#countUse(who: number, grant: ModelGrant, before: number | undefined): void {
		if (before === undefined && grant.under !== undefined) this.count("a part of a grant given");
		if (grant.who !== who || grant.blobs <= (before ?? 0)) return;
		this.count("put by a grant");
		if (grant.under !== undefined) this.count("put by a part of a grant");
	}

	/** What the engine answers, or the code of its refusal; a refusal must not have changed anything. */
	#answer(who: number, method: MethodName, args: MethodArgs<MethodName>): unknown {
		this.host.sender = PRINCIPALS[who]!.toUint8Array();
		const before = this.storage.writes;
		try {
			const answer = ask(this.engine, method, ...(args as never)) as unknown;
			// Where a step ended is sealed.
			if (method === "blobs_remove_owned") {
				const removed = answer as PlainOk<"blobs_remove_owned">;
				return { ...removed, next: removed.next.length > 0 };
			}
			if (method === "blobs_put_many") return resultsOf(answer as PlainOk<"blobs_put_many">);
			return method === "blobs_delete_many" ? deletionsOf(answer as PlainOk<"blobs_delete_many">) : answer;
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			expect(this.storage.writes).toBe(before);
			expect(this.engine.isChanged).toBe(false);
			const code = errorCode(error.wire);
			if ("quota_exceeded" in error.wire && error.wire.quota_exceeded.quota.startsWith("grant_"))
				this.count("a grant refused for what it is for in all");
			this.engine.tally(method, code);
			return code;
		}
	}

	query<Name extends MethodName>(who: number, method: Name, ...args: MethodArgs<Name>): PlainOk<Name> {
		return plain(method, this.queryWire(who, method, ...args));
	}

	queryWire<Name extends MethodName>(who: number, method: Name, ...args: MethodArgs<Name>): MethodOk<Name> {
		this.host.sender = PRINCIPALS[who]!.toUint8Array();
		// By the project's own codec: reading the type table that every reply begins with takes half a millisecond.
		const type = METHODS[method].result as unknown as CandidType<WireResult<MethodOk<Name>>>;
		const reply = encodeValue(type, { ok: this.engine.call(method, () => args) } as never);
		const result = decodeValue(type, reply);
		if ("err" in result) throw new Error("an ok was read as an err");
		return result.ok;
	}

	/** The clock goes on, and cleaning does not come by. */
	wait(later: number): void {
		this.host.time += later;
		this.model.now = this.host.time;
		if ([...this.model.blobs.values()].some((blob) => this.model.isOver(blob))) this.count("over, not freed");
	}

	clean(later: number): void {
		this.wait(later);
		const blobs = this.model.blobs.size;
		const kept = this.model.bin.size;
		const open = this.model.uploads.size;
		const grants = this.model.grants.all.length;
		const reserved = () => [...this.model.uploads.values()].filter((upload) => upload.reserved > 0).length;
		const reserves = reserved();
		this.#step();
		// What is got ready meanwhile, while others change the same keys, has a test of its own (staging-model.test.ts).
		for (let steps = 0; this.#isRevealing(); steps++) {
			if (steps > 50) throw new Error("no batch comes to its end");
			this.#step();
		}
		if (this.model.grants.all.length < grants) this.count("a grant cleaned away");
		if (this.model.blobs.size < blobs) this.count("a blob ended");
		if (this.model.bin.size < kept) this.count("a deleted blob removed");
		if (this.model.uploads.size < open) this.count("upload expired");
		else if (reserved() < reserves) this.count("a reserve ended");
	}

	#step(): void {
		this.engine.clean();
		this.model.clean(Number(this.query(CONTROLLER, "blobs_stats").cleaning));
		this.#follow();
	}

	/** Until all that were asked for are revealed or broken, and their keys hold what they say. */
	#isRevealing(): boolean {
		// Most histories have none.
		if (this.storage.size(MEMORY.batches) === 0 || this.model.mode === "maintenance") return false;
		const stored = new State(this.storage, this.host).batches.all;
		return this.model.staged.next !== undefined || stored.some(({ state }) => state !== "open");
	}

	/** What a step has sealed and revealed, or why it could not, as the model says of the batch whose turn it was. */
	#follow(): void {
		const { model } = this;
		const { all } = model.staged;
		if (all.length === 0) return;
		const { feed } = new State(this.storage, this.host);
		const { sequence } = feed;
		const seen: PlainChange[] = [];
		for (let n = Number(model.sequence) + 1; n <= sequence; n++) {
			const change = plainChange(feed.change(n));
			const [batch] = all.filter(({ state }) => state === "waiting");
			expect(batch, "a change that nobody made").toBeDefined();
			same(change.by, PRINCIPALS[batch!.owner], "whose batch it is");
			model.sequence++;
			model.changed(batch!.owner);
			this.#sealed.push(change);
			if (!("revealed" in change.change)) expect(change.change).toHaveProperty("sealed");
			else seen.push(change);
		}
		const turn = model.staged.next;
		if (turn === undefined) return;
		const refusal = model.staged.refusalOf(turn);
		const [reveal] = seen;
		const stored = new State(this.storage, this.host).batches.get(
			PRINCIPALS[turn.owner]!.toUint8Array(),
			turn.id,
		);
		if (reveal !== undefined) {
			same(refusal, undefined, "what was revealed");
			const published = new Map<string, WireManifest>();
			for (const { change } of opened(this.#sealed, reveal.change as never))
				if ("published" in change) published.set(change.published.key, change.published);
			model.staged.reveal(turn, published);
			this.count("revealed");
		} else if (stored?.state === "open") {
			same(
				stored.broken && { key: stored.broken.key, code: stored.broken.refusal.code },
				refusal,
				"what broke it",
			);
			model.staged.break(turn, refusal);
			this.count(`broken ${refusal?.code}`);
		}
	}

	/** What each principal sees, what it is charged, and what the store counts, is what the model says. */
	compare(): void {
		const { model } = this;
		for (const who of model.isImporting ? [CONTROLLER] : PRINCIPALS.keys()) {
			const as = model.owners.actsFor(who);
			const visible = [...model.blobs.values()].filter(
				(blob) => !model.isOver(blob) && model.mayRead(as, blob),
			);
			const readByGrant = visible.some(
				({ manifest, owner }) =>
					manifest.visibility === "private" &&
					owner !== as &&
					!model.has(as, "reader", "backup") &&
					model.grants.reads(as, manifest.key),
			);
			if (readByGrant) this.count("read by a grant");
			const manifests = new Map(visible.map(({ manifest }) => [manifest.key, manifest]));
			const list = { prefix: "", recursive: true, after: [] as [], limit: 100, min_version: [] as [] };
			const { entries } = this.query(who, "blobs_list", list);
			same(
				entries,
				[...manifests.keys()].sort().map((key) => ({ blob: manifests.get(key) })),
				"the list",
			);
			const folded = this.query(who, "blobs_list", { ...list, prefix: "a/", recursive: false });
			const isFolded = folded.entries.some((entry) => "directory" in entry && entry.directory === "a/c/");
			const stored = model.blobs.get("a/c/d");
			// A directory is listed while anything is stored in it.
			if (stored === undefined || !model.isOver(stored))
				same(isFolded, manifests.has("a/c/d"), "the list of a directory");
			for (const key of KEYS) {
				const { manifest } = this.query(who, "blobs_stat", { key, min_version: [] });
				same(manifest[0], manifests.get(key), `what ${who} sees of ${key}`);
			}
		}
		for (const who of model.isImporting ? [CONTROLLER] : [0, 1, 2, 3]) {
			const request = { prefix: "", after: [] as [], limit: 1_000 };
			const { deleted } = this.query(who, "blobs_list_deleted", request);
			same(deleted, listedFor(model, model.owners.actsFor(who)), `what ${who} sees of what was deleted`);
		}
		this.#compareOwners();
		this.#compareStaged();
		this.#compareLeases();
		this.#compareBytes();
		this.#compareCounts();
	}

	/** What each has, what is offered, and who acts for whom. */
	#compareOwners(): void {
		const { model } = this;
		for (const who of model.isImporting ? [] : [1, 2, 3]) {
			const request = { of: { mine: null }, prefix: "", after: [] as [], limit: 100 };
			const { manifests: owned } = this.queryWire(who, "blobs_list_owned", request);
			const as = model.owners.actsFor(who);
			if (as !== who) this.count("acts for another");
			same(
				owned.map((bytes) => manifests.decode(bytes)),
				ownedBy(model, as).map(({ manifest }) => manifest),
				`what ${who} owns`,
			);
		}
		const request = { of: { all: null }, after: [] as [], limit: 1_000 };
		same(this.query(CONTROLLER, "blobs_list_offers", request).offers, listedOffers(model), "the offers");
		same(this.query(CONTROLLER, "blobs_list_links", request).links, listedLinks(model), "the links");
		const { offers, links } = model.owners;
		const holding = links.filter(({ holds }) => holds).length;
		same(this.storage.size(MEMORY.owners), offers.length + links.length + holding, "offers and links");
	}

	/** What is staged is its stager's and administrators' to see. */
	#compareStaged(): void {
		const { model } = this;
		if (model.isImporting) return;
		const { all } = model.staged;
		const shown = all.filter((batch) => !model.staged.isOver(batch));
		const codes = this.query(CONTROLLER, "blobs_list_batches").batches.map(
			({ broken: [broken], ...batch }) => ({
				...batch,
				broken: broken === undefined ? [] : [{ key: broken.key, code: broken.refusal.code }],
			}),
		);
		same(
			codes,
			shown.map((batch) => toWire(model, batch)),
			"the batches",
		);
		for (const { owner, id, items } of shown) {
			const request = { batch: id, after: [] as [], limit: 100 };
			const signer = [0, 1, 2, 3].find((who) => model.owners.actsFor(who) === owner);
			if (signer === undefined) continue;
			const page = this.query(signer, "blobs_list_staged", request);
			const expected = items.map(({ key, blob }) => ({
				key,
				deletes: blob === undefined,
				size: blob?.manifest.size ?? 0n,
				root: blob?.manifest.root ?? new Uint8Array(0),
			}));
			same(page.items, expected, "what is staged");
		}
		same(this.storage.size(MEMORY.batches), all.length > 0 ? 1 : 0, "batches");
		same(
			this.storage.size(MEMORY.staged),
			2 * all.reduce((sum, { items }) => sum + items.length, 0),
			"items",
		);
	}

	/** What is kept for leases is there for who holds them, all of it, and for nobody else. */
	#compareLeases(): void {
		const { leases } = this.model;
		same(this.query(CONTROLLER, "blobs_list_leases").leases, leases.listed(), "the leases");
		const leased = leases.kept.size;
		same(
			this.storage.size(MEMORY.leases),
			leased + (leases.all.length > 0 ? 1 : 0),
			"leases, and what they keep",
		);
		for (const lease of leases.all) {
			if (lease.broken || leases.isOver(lease)) continue;
			const request = { lease: lease.id, after: [] as [], limit: 1_000 };
			const page = this.query(lease.who, "blobs_list_leased", request) as { manifests: Uint8Array[] };
			const blobs = leases.of(lease);
			if (blobs.length > 0) this.count("kept for a lease");
			const listed = page.manifests.map((bytes) => manifests.decode(bytes));
			same(
				listed,
				blobs.map(({ manifest }) => manifest),
				"what a lease keeps",
			);
			for (const { manifest, pieces } of blobs)
				for (const [index, { bytes }] of pieces.entries()) {
					const chunk = this.query(lease.who, "blobs_get_chunk", manifest.key, versionOf(manifest), index);
					expect(Buffer.compare(chunk, bytes)).toBe(0);
				}
		}
		if (leases.all.some(({ broken }) => broken)) this.count("a lease broken");
	}

	#compareBytes(): void {
		for (const blob of this.model.blobs.values()) {
			if (this.model.isOver(blob)) continue;
			const { manifest, pieces } = blob;
			const { key, size, chunk_size } = manifest;
			same(chunkCount(size, chunk_size), pieces.length, "the number of chunks");
			for (const [index, { bytes }] of pieces.entries()) {
				const chunk = this.query(CONTROLLER, "blobs_get_chunk", key, versionOf(manifest), index);
				same(Buffer.compare(chunk, bytes), 0, `chunk ${index} of ${key}`);
			}
		}
	}

	#compareCounts(): void {
		const { model } = this;
		let bytes = 0;
		for (const who of [0, 1, 2, 3]) {
			const { usage, roles, quota, granted } = this.query(CONTROLLER, "blobs_account", [PRINCIPALS[who]!]);
			bytes += model.bytesOf(who);
			const expected = {
				open_uploads: model.openUploadsOf(who),
				blobs: BigInt(model.blobsOf(who)),
				bytes: BigInt(model.bytesOf(who)),
				received_today: BigInt(model.todayOf(who).received),
				changes_today: BigInt(model.todayOf(who).changes),
				cycles_today: BigInt(model.todayOf(who).cycles),
			};
			same(usage, expected, `the usage of ${who}`);
			same(new Set(roles), model.roles[who], `the roles of ${who}`);
			const byGrants = (["writer", "reader"] as const).filter((role) => model.grants.holds(who, role));
			same(granted, [byGrants], `what ${who} has by grants`);
			same(quota, model.quotaOf(who), `the quota of ${who}`);
		}
		const stats = this.query(CONTROLLER, "blobs_stats");
		const expected = {
			blobs: BigInt(model.blobs.size),
			bytes: BigInt(bytes),
			chunks: BigInt(model.storedChunks().size),
			open_uploads: BigInt(model.uploads.size),
			kept: [BigInt(model.bin.size)],
			cleaning: BigInt(model.garbage.length),
			feed_entries: model.sequence,
			status: {
				mode: model.mode,
				generation: model.generation,
				last: model.version,
				protocol: 1,
				features: ["grants", "batch", "expiry", "undelete", "import", "leases", "owners", "staging"],
				keep_deleted_days: [model.keepDays],
				http_prefix: [],
			},
		};
		same(partOf(stats, expected), expected, "the statistics");
		same(this.storage.filled(MEMORY.slots), model.storedChunks().size, "slots in use");
		const ends = [...model.blobs.values()].filter(({ manifest }) => manifest.expires_at.length > 0).length;
		same(this.storage.size(MEMORY.ends), ends + (model.rules.length > 0 ? 1 : 0), "ends, and rules");
		same(this.storage.size(MEMORY.bin), model.bin.size, "deleted blobs that are kept");
		same(this.storage.size(MEMORY.receipts), model.receipts.size, "receipts");
		const grants = { of: { all: null }, after: [] as [], limit: 1_000 };
		same(this.query(CONTROLLER, "blobs_list_grants", grants).grants, listed(model), "grants");
		const pages = model.grants.all.some(({ terms }) => terms.may_give) ? 1 : 0;
		same(this.storage.size(MEMORY.grants), pages, "pages of marks");
		const awaited = new Set([...model.uploads].map(([name, { key }]) => `${name.split("/")[0]} ${key}`));
		same(
			this.storage.size(MEMORY.uploads),
			model.uploads.size + awaited.size,
			"uploads, and keys they are to",
		);
	}

	/** The feed tells what is there, to whoever replays it. */
	replay(): void {
		const replayed = replayFeed(this);
		const blobs = new Map([...this.model.blobs].map(([key, { manifest }]) => [key, manifest]));
		same(replayed.blobs, blobs, "what the feed says of blobs");
		same(replayed.quotas, this.model.quotas, "what the feed says of quotas");
		same(replayed.roles, this.model.roles, "what the feed says of roles");
		same(replayed.keepDays, this.model.keepDays, "what the feed says of keeping");
		same(replayed.rules, this.model.rules, "what the feed says of rules");
		same(replayed.mode, this.model.mode, "what the feed says of the mode");
		const links = this.model.owners.links.filter(({ holds }) => holds);
		same(
			replayed.links,
			new Set(links.map(({ owner, who }) => linkName(owner, who))),
			"what the feed says of links",
		);
		const live = listed(this.model).filter(({ holds }) => holds);
		const expected = new Map(live.map((grant) => [grantName(grant), grant.role]));
		same(holding(replayed.grants, this.model.nanoseconds()), expected, "what the feed says of grants");
	}

	/** When all is over, nothing is left but what blobs hold; and nothing at all, when they are gone too. */
	settle(): void {
		const { model } = this;
		const id = new Uint8Array(16).fill(200);
		// Who clears up shall not be kept from it by what it has spent today.
		const much = 2n ** 40n;
		const unbound = {
			open_uploads: 1_000,
			blobs: much,
			bytes: much,
			received_per_day: much,
			changes_per_day: much,
			cycles_per_day: much,
		};
		const request = {
			id: id.slice().fill(202),
			who: [PRINCIPALS[CONTROLLER]!] as [Principal],
			quota: [unbound] as [WireQuota],
		};
		this.call({ who: CONTROLLER, method: "blobs_set_quota", args: [request] });
		const setMode = { id, mode: { live: null }, generation: model.generation };
		this.call({ who: CONTROLLER, method: "blobs_set_mode", args: [setMode] });
		for (const [n, { who, id: grant }] of listed(model).entries())
			this.call({
				who: CONTROLLER,
				method: "blobs_revoke_grant",
				args: [{ id: id.slice().fill(210 + n), who, grant }],
			});
		for (const [n, { owner, who }] of listedLinks(model).entries())
			this.call({
				who: CONTROLLER,
				method: "blobs_end_link",
				args: [{ id: id.slice().fill(230 + n), link: { owner, who } }],
			});
		for (const [n, { owner, id: batch }] of model.staged.all.entries()) {
			const dropped = { id: id.slice().fill(240 + n), batch, owner: [PRINCIPALS[owner]!] as [Principal] };
			this.call({ who: CONTROLLER, method: "blobs_drop_batch", args: [dropped] });
		}
		const days = { id: id.slice().fill(203), days: 0 };
		this.call({ who: CONTROLLER, method: "blobs_set_keep_deleted", args: [days] });
		const isBusy = () => this.query(CONTROLLER, "blobs_stats").certifying > 0n;
		// Before all that ends has ended, too.
		do this.clean(0);
		while (model.garbage.length > 0 || isBusy());
		this.#compareAnswers();
		for (let day = 0; day < 9; day++) this.clean(86_400_000);
		expect(model.bin.size).toBe(0);
		while (model.garbage.length > 0 || isBusy()) this.clean(0);
		this.compare();
		const paged = new Set([...model.blobs.values()].filter(({ pieces }) => pieces.length > 0));
		expect(this.storage.size(MEMORY.pages)).toBeLessThanOrEqual(paged.size);
		this.#expectNothing("uploads", "receipts", "queues", "grants", "leases", "owners");
		this.#compareAnswers();

		const blobs = [...model.blobs.keys()].map((key) => ({ key, precondition: { none: null } }));
		if (blobs.length > 0)
			this.call({ who: CONTROLLER, method: "blobs_delete_many", args: [{ id: id.fill(201), blobs }] });
		for (let step = 0; step < 3; step++) this.clean(86_400_000);
		while (isBusy()) this.clean(0);
		this.compare();
		this.#expectNothing("uploads", "receipts", "queues", "responses", "pages", "chunks", "contents", "blobs");
		const counters = new Counters(this.storage.map(MEMORY.meta));
		for (const counter of ["promised", "charged", "stored", "chunks", "blobs", "openUploads"] as const)
			same(counters.get(COUNTER[counter]), 0, `the counter ${counter}`);
	}

	/** Every public blob's HTTP answers are certified, and there is one set of them for each content and type. */
	#compareAnswers(): void {
		const { blobs } = new State(this.storage, this.host);
		const shared = new Map<readonly Piece[], Set<string>>();
		for (const { manifest, pieces } of this.model.blobs.values()) {
			const { key, content_type, visibility } = manifest;
			const { responses, directory } = blobs.get(key)!.place;
			// Digests of its own answers and of those it shares; its first bytes may be behind them.
			const digests = visibility === "public" ? (pieces.length > 1 ? 2 : 1) : 0;
			same(responses.length >> 5, digests, `the answers of ${key}`);
			same(directory !== 0, visibility === "public" && pieces.length > 1, `the set of answers of ${key}`);
			if (directory !== 0) shared.set(pieces, (shared.get(pieces) ?? new Set()).add(content_type));
		}
		const sets = [...shared.values()].reduce((sum, types) => sum + types.size, 0);
		same(this.storage.size(MEMORY.responses), sets, "sets of HTTP answers");
		if (sets > 0) this.count("answers shared");
	}

	#expectNothing(...maps: (keyof typeof MEMORY)[]): void {
		for (const map of maps) same(this.storage.size(MEMORY[map]), 0, `what is left in ${map}`);
	}
}

/** Fast where they are the same, which they nearly always are. */
function same(got: unknown, expected: unknown, what: string): void {
	if (!isDeepStrictEqual(got, expected)) expect(got, what).toEqual(expected);
}

/** Of a record, the fields that another one has. */
function partOf(of: unknown, like: unknown): unknown {
	if (typeof of !== "object" || typeof like !== "object" || like === null) return of;
	return Object.fromEntries(Object.keys(like).map((name) => [name, (of as Record<string, unknown>)[name]]));
}

const resultsOf = ({ results }: PlainOk<"blobs_put_many">) =>
	results.map((result) => ("ok" in result ? result.ok : errorCode(result.err)));

const deletionsOf = ({ results, deleted: [deleted] }: PlainOk<"blobs_delete_many">) =>
	results.map((result, i) =>
		"ok" in result ? { deleted: deleted?.[i], version: result.ok } : errorCode(result.err),
	);
