import type { Catalog } from "../catalog/index.js";
import type { Host } from "../ports.js";
import { fromHex, toHex } from "./codec.js";
import type { Principals } from "./principals.js";
import { refuse } from "./refusal.js";

export type Role = "admin" | "writer" | "reader";

const BITS: Record<Role, number> = { admin: 1, writer: 2, reader: 4 };
export const ROLES = Object.keys(BITS) as Role[];

const ROOT = new Uint8Array([0x72]);
const ANONYMOUS = 0x04;

export function isAnonymous(who: Uint8Array): boolean {
	return who.length === 1 && who[0] === ANONYMOUS;
}

/** Who may do what. A controller of the canister is an admin; an admin may do all that a writer and a reader may. */
export class Roles {
	readonly #principals: Principals;
	readonly #catalog: Catalog;
	readonly #host: Host;

	constructor(principals: Principals, catalog: Catalog, host: Host) {
		this.#principals = principals;
		this.#catalog = catalog;
		this.#host = host;
	}

	/** The caller, who must hold the role: every change begins with this. */
	require(role: Role): Uint8Array {
		const caller = this.#host.caller();
		if (isAnonymous(caller)) refuse("anonymous", {});
		if (!this.has(caller, role)) refuse("not_authorized", { needs: `the role ${role}` });
		return caller;
	}

	has(who: Uint8Array, role: Role): boolean {
		if (isAnonymous(who)) return false;
		return (
			(this.#principals.get(who).roles & (BITS[role] | BITS.admin)) !== 0 || this.#host.isController(who)
		);
	}

	grant(who: Uint8Array, role: Role): void {
		const record = this.#principals.get(who);
		if (record.roles === 0) this.#catalog.insert(ROOT, toHex(who));
		this.#principals.set(who, { ...record, roles: record.roles | BITS[role] });
	}

	revoke(who: Uint8Array, role: Role): void {
		const record = this.#principals.get(who);
		const roles = record.roles & ~BITS[role];
		if (roles === record.roles) return;
		if (roles === 0) this.#catalog.remove(ROOT, toHex(who));
		this.#principals.set(who, { ...record, roles });
	}

	*list(after?: Uint8Array): Generator<{ who: Uint8Array; roles: Role[] }> {
		const start = after === undefined ? {} : { after: toHex(after) };
		for (const entry of this.#catalog.list(ROOT, { prefix: "", recursive: true, ...start })) {
			if (!("key" in entry)) continue;
			const who = fromHex(entry.key);
			const bits = this.#principals.get(who).roles;
			yield { who, roles: ROLES.filter((role) => (bits & BITS[role]) !== 0) };
		}
	}
}
