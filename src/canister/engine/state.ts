import { type Encodable, ID_BYTES, type WireChangeOf, type WireVersion } from "../../protocol/index.js";
import { Catalog } from "../catalog/index.js";
import { MEMORIES, MEMORY } from "../host/memory.js";
import type { Host, Storage } from "../host/ports.js";
import { Access } from "./access.js";
import { Accounts } from "./accounts/accounts.js";
import { Capacity } from "./accounts/capacity.js";
import { Charges } from "./accounts/charges.js";
import { ExactRanges } from "./accounts/exact-ranges.js";
import { Grants } from "./accounts/grants.js";
import { Links } from "./accounts/links.js";
import { Modes } from "./accounts/modes.js";
import { Reservations } from "./accounts/reservations.js";
import { Roles } from "./accounts/roles.js";
import { Spending } from "./accounts/spending.js";
import { CallCounts } from "./base/call-counts.js";
import { COUNTER, Counters } from "./base/counters.js";
import { FairQueue } from "./base/fair-queue.js";
import { openLayout } from "./base/layout.js";
import { Marks } from "./base/marks.js";
import { QUEUE, Queue } from "./base/queue.js";
import { AnswerSets } from "./certified/answer-sets.js";
import { Certified } from "./certified/certified.js";
import { DraftLog } from "./certified/draft-log.js";
import { KeyTrees } from "./certified/key-tree.js";
import { Renewing } from "./certified/renewing.js";
import { Responses } from "./certified/responses.js";
import { HttpHashes } from "./http/hashes.js";
import { OwnAnswers } from "./http/own-answers.js";
import { Pages } from "./http/pages.js";
import { Preparing } from "./methods/preparing.js";
import { settleKey } from "./methods/settling.js";
import { checkSettings, DEFAULT_FEED_ENTRIES, rulesOf, type Settings } from "./settings.js";
import { Bin } from "./store/bin.js";
import { Blobs } from "./store/blobs.js";
import { Chunks } from "./store/chunks.js";
import { Ends } from "./store/ends.js";
import { ExpiryRules } from "./store/expiry-rules.js";
import { Feed } from "./store/feed.js";
import { Garbage } from "./store/garbage.js";
import { LeafLists } from "./store/leaf-lists.js";
import { Leases } from "./store/leases.js";
import { Offers } from "./store/offers.js";
import { Receipts } from "./store/receipts.js";
import { Shelves } from "./store/shelves.js";
import { Slots } from "./store/slots.js";
import { StagedBatches } from "./store/staged-batches.js";
import { StagedItems } from "./store/staged-items.js";
import { Uploads } from "./store/uploads.js";

const NEVER = Number.POSITIVE_INFINITY;

/** Everything a store holds, each part over its stable map. The methods of the store work on this. */
export class State {
	readonly host: Host;
	readonly counters: Counters;
	readonly slots: Slots;
	readonly shelves: Shelves;
	readonly chunks: Chunks;
	readonly leafLists: LeafLists;
	readonly accounts: Accounts;
	readonly reservations: Reservations;
	readonly charges: Charges;
	readonly capacity: Capacity;
	readonly modes: Modes;
	readonly uploads: Uploads;
	readonly blobs: Blobs;
	/** Blobs that have an end, in order, and the rules by which they get one. */
	readonly ends: Ends;
	readonly expiryRules: ExpiryRules;
	/** What was deleted and is kept. */
	readonly bin: Bin;
	/** What is kept for backups. */
	readonly leases: Leases;
	/** Who acts for whom, and what is offered to whom. */
	readonly links: Links;
	readonly offers: Offers;
	/** Staged batches, what is in them, and getting them ready to be revealed. */
	readonly batches: StagedBatches;
	readonly staged: StagedItems;
	readonly preparing = new Preparing();
	readonly log: DraftLog;
	readonly roles: Roles;
	readonly marks: Marks;
	readonly grants: Grants;
	readonly access: Access;
	readonly receipts: Receipts;
	readonly garbage: Garbage;
	readonly feed: Feed;
	readonly certified: Certified;
	readonly responses: Responses;
	/** HTTP answers: their hashes, what each blob has, and the work of making all anew. */
	readonly http: HttpHashes;
	readonly own: OwnAnswers;
	readonly renewing: Renewing;
	/** Where the URLs of blobs begin, and what an application answers elsewhere. */
	readonly prefix: string | undefined;
	readonly pages: Pages | undefined;
	readonly exactRanges: ExactRanges;
	readonly callCounts: CallCounts;
	/** Uploads by the moment at which somebody should look whether they expired. */
	readonly expiries: Queue;
	/** Uploads that reserve room, by the moment at which to look whether they are idle. */
	readonly reserves: Queue;
	/** Who holds grants, by the moment at which to look whether they still hold. */
	readonly grantees: Queue;
	readonly spending: Spending;
	/** Bytes of chunks and blobs that the message at hand brought, and those of its argument. */
	arrived = 0;
	argumentBytes = 0;
	#now: number | undefined;
	#canisterVersion: bigint | undefined;
	#wakeAt = NEVER;
	#hasSecret = false;

	constructor(storage: Storage, host: Host, settings: Settings = {}) {
		checkSettings(settings);
		const map = (name: keyof typeof MEMORY) => storage.map(MEMORY[name]);
		const counters = new Counters(map("meta"));
		const queue = (number: number) => new Queue(map("queues"), number, counters);
		const catalog = new Catalog(map("catalog"), host.hashing);
		this.host = host;
		this.counters = counters;
		this.slots = new Slots(map("slots"), map("freeSlots"), counters);
		this.shelves = new Shelves(map("slots"), this.slots);
		this.chunks = new Chunks(map("chunks"), this.shelves, counters);
		this.leafLists = new LeafLists(map("pages"), map("contents"), counters);
		this.accounts = new Accounts(map("accounts"));
		this.reservations = new Reservations(map("uploads"), this.accounts);
		this.charges = new Charges(this.accounts, this.reservations, counters, settings.quota ?? {});
		this.capacity = new Capacity(counters, host, settings.capacity ?? {}, MEMORIES);
		this.modes = new Modes(counters);
		this.uploads = new Uploads(map("uploads"), catalog, this.charges);
		const batches = new StagedBatches(map("batches"), counters);
		this.batches = batches;
		this.staged = new StagedItems(map("staged"));
		this.log = new DraftLog(map("batches"), counters);
		this.blobs = new Blobs(map("blobs"), () => this.now, {
			get isAny() {
				return batches.isSettling;
			},
			record: (key) => this.staged.recordOf(batches.in("settling")!, key),
		});
		this.bin = new Bin(map("bin"), catalog, counters);
		this.ends = new Ends(map("ends"), catalog, counters);
		this.expiryRules = new ExpiryRules(map("ends"), counters);
		this.leases = new Leases(map("leases"), catalog, counters);
		this.roles = new Roles(this.accounts, catalog, host);
		this.marks = new Marks(map("grants"), counters);
		this.grants = new Grants(this.accounts, this.marks, catalog, () => this.now);
		this.links = new Links(map("owners"), catalog, counters);
		this.offers = new Offers(map("owners"), catalog, counters, queue(QUEUE.offers));
		const { authorize, admit } = settings;
		this.access = new Access(host, this.roles, this.grants, this.modes, this.links, authorize, admit);
		this.receipts = new Receipts(map("receipts"), queue(QUEUE.receipts));
		this.garbage = new Garbage(queue(QUEUE.garbage), this.leafLists, this.chunks, this.charges);
		this.feed = new Feed(map("feed"), counters, host, settings.feedEntries ?? DEFAULT_FEED_ENTRIES);
		const http = new HttpHashes(host.hashing, rulesOf(settings));
		this.http = http;
		this.own = new OwnAnswers(host.hashing, http);
		const trees = new KeyTrees(host.hashing, http);
		const prefix = settings.http?.prefix;
		this.prefix = prefix;
		this.pages = prefix === undefined ? undefined : new Pages(host.hashing, http, this.own, prefix);
		this.certified = new Certified(catalog, this.accounts, this.feed, trees, host, this.log, this.pages);
		const settle = (key: string) => {
			if (batches.isSettling) settleKey(this, key);
		};
		const answers = map("responses");
		this.responses = new Responses({
			queue: new FairQueue(map("queues"), counters),
			sets: new AnswerSets(answers, counters),
			blobs: this.blobs,
			leafLists: this.leafLists,
			chunks: this.chunks,
			own: this.own,
			certified: this.certified,
			labelSets: catalog.labelSets,
			trees,
			http,
			settleKey: settle,
		});
		this.renewing = new Renewing({
			map: answers,
			counters,
			blobs: this.blobs,
			certified: this.certified,
			own: this.own,
			responses: this.responses,
			settleKey: settle,
		});
		this.exactRanges = new ExactRanges(counters, host, settings.http?.exactRanges?.cyclesPerDay ?? 0);
		this.callCounts = new CallCounts(map("meta"));
		this.expiries = queue(QUEUE.uploads);
		this.reserves = queue(QUEUE.reserves);
		this.grantees = queue(QUEUE.grants);
		const { accounts, charges, roles, grants } = this;
		this.spending = new Spending(
			{ accounts, charges, counters, roles, grants, host },
			settings.strangersCyclesPerDay ?? Number.POSITIVE_INFINITY,
		);
	}

	/** Whether anything was ever stored here. */
	get isNew(): boolean {
		return this.counters.get(COUNTER.layout) === 0;
	}

	/** Makes the stored data this code's; refuses to touch what it cannot read. */
	open(): void {
		openLayout(this.counters);
		this.accounts.open();
		this.expiryRules.open();
		this.leases.open();
		this.batches.open();
		this.marks.open();
		// What is got ready has answers by the rules of before, and was let in by the application's.
		const { isElsewhere } = this.certified;
		if (this.renewing.isStale || this.access.hasRule || isElsewhere) this.preparing.restart(this);
		if (isElsewhere) this.certified.bringHere();
		this.renewing.open();
		this.certified.certify();
	}

	/** When this message runs: milliseconds since 1970. */
	get now(): number {
		this.#now ??= this.host.now();
		return this.#now;
	}

	/** The canister's version as this message found it. */
	get canisterVersion(): bigint {
		this.#canisterVersion ??= this.host.canisterVersion();
		return this.#canisterVersion;
	}

	/** Names the next change. */
	get nextVersion(): WireVersion {
		return { sequence: BigInt(this.feed.sequence + 1), canister_version: this.canisterVersion };
	}

	/**
	 * The last change that readers may ask to have been seen. Not of a batch that is got ready: who names one of those has
	 * seen it revealed.
	 */
	get lastVersion(): WireVersion {
		// What this message has changed is its own.
		const hidden = this.feed.isChanged ? undefined : this.batches.in("preparing");
		return hidden?.shown ?? this.feed.version;
	}

	/** Makes an entry in the feed, as the next change, which a manifest names already; it counts for `payer`. */
	record(
		by: Uint8Array,
		change: Encodable<WireChangeOf>,
		version: WireVersion = this.nextVersion,
		payer = by,
	): void {
		this.feed.append(by, this.now, version, change);
		this.charges.changed(payer, this.now);
	}

	/** The same for what `administer` makes (requests.ts): a store has a past of blobs if it has other changes too. */
	recordAdministration(by: Uint8Array, change: Encodable<WireChangeOf>): void {
		this.counters.add(COUNTER.administered, 1);
		this.record(by, change);
	}

	/** Asks to be woken for cleaning at this time. */
	wakeAt(time: number): void {
		if (time < this.#wakeAt) this.#wakeAt = time;
	}

	/** To be called before each message: nothing of the one before is kept that it could have changed. */
	begin(): void {
		this.accounts.forget();
		this.reservations.forget();
		this.blobs.forget();
		this.grants.forget();
		this.access.forget();
		this.roles.forget();
		this.capacity.forget();
		this.callCounts.forget();
		this.feed.forget();
		this.preparing.forget();
		this.shelves.forget();
		this.arrived = 0;
		this.argumentBytes = 0;
		this.#now = undefined;
		this.#canisterVersion = undefined;
	}

	/** Makes what lists seal keys with, where they may need it: in an update, for only there bytes are random. */
	keepSecret(isNeeded: boolean): void {
		if (this.#hasSecret || !isNeeded) return;
		if (this.accounts.secret.length === 0) this.accounts.setSecret(this.host.random(ID_BYTES));
		this.#hasSecret = true;
	}

	get isChanged(): boolean {
		const isAny = this.counters.isChanged || this.accounts.isChanged || this.grants.isChanged;
		return isAny || this.certified.isChanged || this.feed.isChanged;
	}

	/** Writes what a message changed and was kept in the heap so far. Every update and timer ends with this. */
	flush(): void {
		if (this.batches.isPreparing && this.feed.isChanged) this.preparing.noteShown(this);
		this.certified.flush();
		this.grants.flush();
		this.leases.flush();
		this.batches.flush();
		this.accounts.flush();
		this.feed.flush();
		this.shelves.flush();
		this.counters.flush();
		if (this.#wakeAt < NEVER) this.host.wakeAt(this.#wakeAt, this.now);
		this.#wakeAt = NEVER;
	}
}
