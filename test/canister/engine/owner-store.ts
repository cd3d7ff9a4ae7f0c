import type { Principal } from "@dfinity/principal";
import {
	manifests,
	type WireCursor,
	type WireOffered,
	type WireOfferName,
	type WireOwnedOf,
	type WireRemoved,
	type WireTaken,
} from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { GrantStore } from "./grant-store.js";
import { OWNER } from "./store.js";

/** A store in which blobs are given, principals act for others, and all that one has is removed. */
export class OwnerStore extends GrantStore {
	/** Answers the offer's name. */
	offer(giver: Principal, to: Principal, what: WireOffered, owner?: Principal): WireOfferName {
		const id = newId();
		this.ask(giver, "blobs_offer", { id, owner: owner === undefined ? [] : [owner], to, what });
		return { giver, id };
	}

	step(to: Principal, offer: WireOfferName): WireTaken {
		return this.ask(to, "blobs_take_offer", { id: newId(), offer });
	}

	/** All steps. */
	take(to: Principal, offer: WireOfferName): WireTaken[] {
		const steps = [this.step(to, offer)];
		while (!steps.at(-1)!.done) steps.push(this.step(to, offer));
		return steps;
	}

	withdraw(by: Principal, offer: WireOfferName) {
		return this.ask(by, "blobs_withdraw_offer", { id: newId(), offer });
	}

	/** Keys of all pages, of so many each. */
	owned(who: Principal, of: WireOwnedOf = { mine: null }, prefix = "", limit = 1_000): string[] {
		const keys: string[] = [];
		let after: [] | [string] = [];
		do {
			const page = this.ask(who, "blobs_list_owned", { of, prefix, after, limit }) as {
				manifests: Uint8Array[];
				next: [] | [string];
			};
			keys.push(...page.manifests.map((bytes) => manifests.decode(bytes).key));
			after = page.next;
		} while (after.length > 0);
		return keys;
	}

	/** All steps of removing what somebody has. */
	remove(by: Principal, owner: Principal, { purge = false, rights = false } = {}): WireRemoved[] {
		const steps: WireRemoved[] = [];
		let after: [] | [string] = [];
		do {
			const request = { id: newId(), owner: [owner] as [Principal], purge, rights, after };
			steps.push(this.ask(by, "blobs_remove_owned", request));
			after = steps.at(-1)!.next;
		} while (after.length > 0);
		return steps;
	}

	link(owner: Principal, who: Principal): void {
		this.ask(owner, "blobs_offer_link", { id: newId(), who, as: [] });
		this.ask(who, "blobs_accept_link", { id: newId(), owner });
	}

	unlink(by: Principal, owner: Principal, who: Principal) {
		return this.ask(by, "blobs_end_link", { id: newId(), link: { owner, who } });
	}

	ownerOf(key: string): string {
		return this.manifest(OWNER, key)!.owner.toText();
	}

	/** Where the feed ends. */
	get cursor(): WireCursor {
		return this.ask(OWNER, "blobs_changes", { after: [], limit: 1, min_version: [] }).last;
	}

	/** What changed past a place, at most 1,000 changes. */
	changesSince(after: WireCursor) {
		return this.ask(OWNER, "blobs_changes", { after: [after], limit: 1_000, min_version: [] }).changes;
	}
}
