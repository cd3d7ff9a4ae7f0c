import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { BlobClient } from "../../../src/client/index.js";
import { nodePorts } from "../../../src/client/node/ports.js";
import type { Ports } from "../../../src/client/platform/ports.js";
import type { Handler, Middleware, Signatures } from "../../../src/localnet/index.js";
import {
	type MethodArgs,
	type MethodName,
	type MethodOk,
	UPLOAD_EXPIRY_MS,
} from "../../../src/protocol/index.js";
import { loadParts } from "../../support/parts.js";
import { newId, ok, openStore, type Store, type StoreFixture } from "../../support/store.js";
import { S } from "../../support/transfers.js";
import { query } from "./direct.js";
import type { Time } from "./time.js";

/** A network with a store, in a time of its own, and who has been at work there. */

const MINUTE = 60_000;

/** Who does what one case does: nobody else's blobs, uploads and quota are touched. */
export interface Actor {
	readonly identity: Ed25519KeyIdentity;
	/** The store, without the client: for what comes before a case, and what is looked at after. */
	readonly store: Store;
}

export class World<T extends Time = Time> {
	readonly time: T;
	#fixture: StoreFixture | undefined;
	/** What stands behind the network's socket. */
	#handler: Handler | undefined;

	constructor(time: T) {
		this.time = time;
	}

	/** @param signatures BLS where it is the pairing that is tried */
	async open(signatures: Signatures = "test"): Promise<void> {
		await loadParts();
		const { clock, middleware: timed = (request, next) => next(request) } = this.time;
		const middleware: Middleware = (request, next) => {
			this.#handler = next;
			return timed(request, next);
		};
		this.#fixture = await openStore({ signatures, clock, middleware });
		this.time.network = this.network;
	}

	get #opened(): StoreFixture {
		if (!this.#fixture) throw new Error("the world is not open yet");
		return this.#fixture;
	}

	get network() {
		const { local } = this.#opened.network;
		if (!local) throw new Error("faults need the local network");
		return local;
	}

	get canisterId(): Principal {
		return this.#opened.canisterId;
	}

	/** For the store's controller. */
	get store(): Store {
		return this.#opened.store;
	}

	/** What somebody reads of the store, at once: no fault befalls it, and no time passes. */
	async read<Name extends MethodName>({ identity }: Actor, name: Name, ...args: MethodArgs<Name>) {
		const handler = this.#handler;
		if (!handler) throw new Error("the network was never asked for anything");
		const { canisterId, time } = this;
		return ok(await query({ canisterId, handler, clock: time.clock }, identity, name, ...args));
	}

	/** Somebody new. */
	actor(): Promise<Actor> {
		return this.time.run(this.#actor(), MINUTE);
	}

	async #actor(): Promise<Actor> {
		const identity = Ed25519KeyIdentity.generate();
		const who = identity.getPrincipal();
		ok(await this.store.blobs_grant_role({ id: newId(), who, role: { writer: null } }));
		return { identity, store: await this.#opened.storeFor(identity) };
	}

	/** A client as an application makes it, its agent with all its retries. */
	client({ identity }: Pick<Actor, "identity">, platform: Ports = nodePorts): BlobClient {
		const { url, rootKey } = this.network;
		const agent = HttpAgent.createSync({ host: url, rootKey, identity });
		return new BlobClient({ agent, canisterId: this.canisterId, chunkBytes: S }, platform);
	}

	async stats(): Promise<MethodOk<"blobs_stats">> {
		return ok(await this.time.run(this.store.blobs_stats(), MINUTE));
	}

	/** Until every upload that is open now has expired and all that nobody needs is cleaned away. */
	async clean(): Promise<void> {
		this.time.jump(2 * UPLOAD_EXPIRY_MS + MINUTE);
		for (let step = 0; step < 200; step++) {
			await this.time.pass(1_500);
			const { open_uploads, cleaning, certifying } = await this.stats();
			if (open_uploads + cleaning + certifying === 0n) return;
		}
		throw new Error("cleaning does not come to its end");
	}

	async dispose(): Promise<void> {
		await this.#fixture?.dispose();
		this.time.dispose();
	}
}
