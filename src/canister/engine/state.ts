import { Catalog } from "../catalog/index.js";
import { LAYOUT_VERSION, MEMORY } from "../memory.js";
import type { Host, Storage } from "../ports.js";
import { Blobs } from "./blobs.js";
import { Contents } from "./contents.js";
import { Garbage } from "./garbage.js";
import { COUNTER, Meta } from "./meta.js";
import { Principals } from "./principals.js";
import { QUEUE, Queue } from "./queue.js";
import { Receipts } from "./receipts.js";
import { Roles } from "./roles.js";
import { Slots } from "./slots.js";
import { Uploads } from "./uploads.js";

/** Everything a store holds, each part over its stable map. The methods of the store work on this. */
export class State {
	readonly host: Host;
	readonly meta: Meta;
	readonly slots: Slots;
	readonly contents: Contents;
	readonly uploads: Uploads;
	readonly blobs: Blobs;
	readonly roles: Roles;
	readonly receipts: Receipts;
	readonly garbage: Garbage;
	/** Uploads by the moment at which somebody should look whether they expired. */
	readonly expiries: Queue;

	constructor(storage: Storage, host: Host) {
		const map = (name: keyof typeof MEMORY) => storage.map(MEMORY[name]);
		const catalog = new Catalog(map("catalog"), host.hashing);
		const principals = new Principals(map("principals"));
		const queues = map("queues");
		this.host = host;
		this.meta = new Meta(map("meta"));
		this.slots = new Slots(map("slots"), map("freeSlots"), this.meta);
		this.contents = new Contents(map("pages"), this.meta);
		this.uploads = new Uploads(map("uploads"), catalog, principals, this.meta);
		this.blobs = new Blobs(map("blobs"), catalog, this.meta);
		this.roles = new Roles(principals, catalog, host);
		this.receipts = new Receipts(map("receipts"), new Queue(queues, QUEUE.receipts));
		this.garbage = new Garbage(new Queue(queues, QUEUE.garbage), this.contents, this.slots);
		this.expiries = new Queue(queues, QUEUE.uploads);
	}

	/** Writes the layout's version on first use; refuses to touch data that another version wrote. */
	open(): void {
		const found = this.meta.get(COUNTER.layout);
		if (found === 0) this.meta.set(COUNTER.layout, LAYOUT_VERSION);
		else if (found !== LAYOUT_VERSION)
			throw new Error(
				`the stored data has layout version ${found} and this code reads version ${LAYOUT_VERSION}: ` +
					"install the release of canister-blobs that fits the data",
			);
	}

	get sequence(): number {
		return this.meta.get(COUNTER.sequence);
	}

	/** The number of a change that is about to be made. */
	nextSequence(): number {
		return this.meta.add(COUNTER.sequence, 1);
	}
}
