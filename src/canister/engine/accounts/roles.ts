import type { Catalog } from "../../catalog/index.js";
import type { Host } from "../../host/ports.js";
import { fromHex, toHex } from "../base/codec.js";
import type { Accounts } from "./accounts.js";

export type Role = "admin" | "writer" | "reader" | "backup";

/** Frozen, since the bits are stored. */
const BITS: Record<Role, number> = { admin: 1, writer: 2, reader: 4, backup: 8 };
export const ROLES = Object.keys(BITS) as Role[];
/** Not a role: of who controls the canister. */
const CONTROL = 16;
const ALL_BITS = BITS.admin | BITS.writer | BITS.reader | BITS.backup;

const ROOT = new Uint8Array([0x72]);
const ANONYMOUS = 0x04;

export function isAnonymous(who: Uint8Array): boolean {
	return who.length === 1 && who[0] === ANONYMOUS;
}

/**
 * Who holds which role. A controller of the canister is an admin; an admin may do all that the others may. The
 * catalog lists whoever holds a role or has a quota of its own.
 */
export class Roles {
	readonly #accounts: Accounts;
	readonly #catalog: Catalog;
	readonly #host: Host;
	/** Who was asked about last, and the answer: a message of many blobs asks for each about its caller. */
	#asked: Uint8Array | undefined;
	#isController = false;
	/** For whom the sender of the message acts, and who that is. */
	#trusted: Uint8Array | undefined;
	#acting: { readonly owner: Uint8Array; readonly signer: Uint8Array } | undefined;

	constructor(accounts: Accounts, catalog: Catalog, host: Host) {
		this.#accounts = accounts;
		this.#catalog = catalog;
		this.#host = host;
	}

	has(who: Uint8Array, role: Role): boolean {
		return this.#hasAny(who, BITS[role] | BITS.admin);
	}

	/** Whether private blobs of others are shown to it. */
	readsAll(who: Uint8Array): boolean {
		return this.#hasAny(who, BITS.reader | BITS.backup | BITS.admin);
	}

	/** By what it may change keys, as bits: to be compared with what it was before. */
	changing(who: Uint8Array): number {
		return (this.#accounts.get(who).roles & (BITS.admin | BITS.writer)) | (this.controls(who) ? CONTROL : 0);
	}

	/** Whether it holds any role at all. */
	hasSome(who: Uint8Array): boolean {
		return this.#hasAny(who, ALL_BITS);
	}

	#hasAny(who: Uint8Array, bits: number): boolean {
		if (isAnonymous(who)) return false;
		return (this.#accounts.get(who).roles & bits) !== 0 || this.#controls(who);
	}

	/** Whether it controls the canister. */
	controls(who: Uint8Array): boolean {
		return !isAnonymous(who) && this.#controls(who);
	}

	/** To be called before each message: within one nobody's controllers change. */
	forget(): void {
		this.#asked = undefined;
		this.#acting = undefined;
		this.#trusted = undefined;
	}

	/** Has a principal count as a controller in the message at hand: the canister itself, when its own code asks. */
	trust(who: Uint8Array): void {
		this.#asked = who;
		this.#isController = true;
		this.#trusted = who;
	}

	/** Says who sent the message that counts as this owner's. */
	actFor(owner: Uint8Array, signer: Uint8Array): void {
		this.#acting = { owner, signer };
	}

	#controls(who: Uint8Array): boolean {
		if (this.#asked !== who) {
			const isSender = this.#acting?.owner === who;
			this.#isController =
				this.#trusted === who || this.#host.isController(isSender ? this.#acting!.signer : who);
			this.#asked = who;
		}
		return this.#isController;
	}

	static of(bits: number): Role[] {
		return ROLES.filter((role) => (bits & BITS[role]) !== 0);
	}

	grant(who: Uint8Array, role: Role): void {
		const account = this.#accounts.change(who);
		account.roles |= BITS[role];
		this.list(who);
	}

	revoke(who: Uint8Array, role: Role): void {
		this.#accounts.change(who).roles &= ~BITS[role];
		this.list(who);
	}

	/** Keeps the list true after a change of a principal's roles or quota. */
	list(who: Uint8Array): void {
		const { roles, quota } = this.#accounts.get(who);
		if (roles === 0 && quota === undefined) this.#catalog.remove(ROOT, toHex(who));
		else this.#catalog.insert(ROOT, toHex(who));
	}

	/** Principals in the list, in order of their bytes, from the first after `after`. */
	*listed(after?: Uint8Array): Generator<Uint8Array> {
		const start = after === undefined ? {} : { after: toHex(after) };
		for (const entry of this.#catalog.list(ROOT, { prefix: "", recursive: true, ...start }))
			if ("key" in entry) yield fromHex(entry.key);
	}
}
