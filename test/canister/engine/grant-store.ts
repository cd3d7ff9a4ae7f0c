import type { Principal } from "@dfinity/principal";
import { Accounts } from "../../../src/canister/engine/accounts/accounts.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import type {
	WireGivenAs,
	WireGrant,
	WireGrantName,
	WireGrantsOf,
	WireGrantTerms,
} from "../../../src/protocol/index.js";
import { PLAIN_TERMS } from "../../support/grant-terms.js";
import { newId } from "../../support/store.js";
import { person, TestStore } from "./store.js";

/** Terms of a grant: what a test does not say is no bound and no right. */
interface Terms extends Partial<Omit<WireGrantTerms, "ends_at">> {
	readonly prefix: string;
	/** Milliseconds since 1970. */
	readonly endsAt?: number;
}
type Role = "writer" | "reader";

export const termsOf = ({ endsAt, ...terms }: Terms): WireGrantTerms => ({
	...PLAIN_TERMS,
	ends_at: endsAt === undefined ? [] : [BigInt(endsAt) * 1_000_000n],
	...terms,
});

export const giveOf = (who: Principal, terms: Terms, role: Role = "writer", id = newId()) => ({
	id,
	who,
	role: { [role]: null } as never,
	terms: termsOf(terms),
	under: [] as [] | [Uint8Array],
	as: [] as [] | [WireGivenAs],
});

/** A store in which grants are given. */
export class GrantStore extends TestStore {
	/** Answers the grant's id. */
	give(
		by: Principal,
		who: Principal,
		{ endsInMs, ...terms }: Terms & { readonly endsInMs?: number },
		role: Role = "writer",
	): Uint8Array {
		const end = endsInMs === undefined ? {} : { endsAt: this.host.time + endsInMs };
		const request = giveOf(who, { ...terms, ...end }, role);
		this.ask(by, "blobs_give_grant", request);
		return request.id;
	}

	revoke(by: Principal, who: Principal, grant: Uint8Array) {
		return this.ask(by, "blobs_revoke_grant", { id: newId(), who, grant });
	}

	list(by: Principal, of: WireGrantsOf, limit = 1_000): WireGrant[] {
		const all: WireGrant[] = [];
		let after: [] | [WireGrantName] = [];
		do {
			const page = this.ask(by, "blobs_list_grants", { of, after, limit }) as {
				grants: WireGrant[];
				next: [] | [WireGrantName];
			};
			all.push(...page.grants);
			after = page.next;
		} while (after.length > 0);
		return all;
	}

	held(who: Principal): WireGrant[] {
		return this.list(who, { held_by: who });
	}

	used(who: Principal, id: Uint8Array): WireGrant["used"] | undefined {
		return this.held(who).find((grant) => Buffer.compare(grant.id, id) === 0)?.used;
	}

	/** Bytes of what was given to a principal, and how many pages of marks there are of grants to give parts of. */
	stored(who: Principal): [bytes: number, pages: number] {
		const account = new Accounts(this.storage.map(MEMORY.accounts)).get(who.toUint8Array());
		return [account.grants.length, this.storage.size(MEMORY.grants)];
	}
}

/** Principals without any role. */
export const [GUEST, OTHER, THIRD] = [person(30), person(31), person(32)] as const;
export const HOUR_MS = 3_600_000;
/** What a refusal says is lacking. */
export const needs = (error: object) => (error as { not_authorized: { needs: string } }).not_authorized.needs;
