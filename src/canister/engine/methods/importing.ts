import type { WireImportedAs, WireImportSwitch, WireVersion } from "../../../protocol/index.js";
import { isAnonymous } from "../accounts/roles.js";
import { nanoseconds } from "../base/codec.js";
import { COUNTER } from "../base/counters.js";
import { refuse, refuseArgument } from "../base/refusal.js";
import type { State } from "../state.js";
import { administer } from "./requests.js";

/**
 * Importing what another store had, each blob with its owner and its times. Only into a store that has no history of its
 * own, once, by who controls the canister: nothing else sets owner or times, so that all other manifests are of what
 * happened here.
 */
export class Importing {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	begin(request: WireImportSwitch): WireVersion {
		return this.#switch("blobs_begin_import", request, "importing", () => {
			const reason = whyNot(this.#state);
			if (reason !== undefined) refuse("not_importable", { reason });
			this.#state.counters.set(COUNTER.imported, 1);
		});
	}

	end(request: WireImportSwitch): WireVersion {
		return this.#switch("blobs_end_import", request, "live", () => {
			if (!this.#state.modes.isImporting) refuse("not_importable", { reason: "no import is under way" });
		});
	}

	#switch(
		method: "blobs_begin_import" | "blobs_end_import",
		request: WireImportSwitch,
		mode: "importing" | "live",
		check: () => void,
	): WireVersion {
		const state = this.#state;
		const { access, modes } = state;
		access.controller();
		return administer(state, method, request, () => {
			check();
			modes.set(mode);
			// Timers that found the store in maintenance did nothing.
			state.wakeAt(state.now);
			return { mode: { mode, generation: BigInt(modes.generation) } };
		});
	}
}

/** Why a store cannot be imported into. */
function whyNot({ counters, feed, batches }: State): string | undefined {
	if (counters.get(COUNTER.imported) !== 0) return "it was imported into before";
	if (feed.sequence !== counters.get(COUNTER.administered)) return "blobs were published in it";
	if (counters.get(COUNTER.openUploads) > 0) return "an upload is open";
	if (batches.count > 0) return "a batch is staged";
	return undefined;
}

/** What is said of another store's past is refused, but of who imports. */
export function requireImporter({ modes, access }: State): void {
	if (!modes.isImporting || !access.isController)
		refuseArgument("as", "it can be given only by a controller while the store is imported into");
}

/** Refuses another owner and other times than those of now where they cannot be. */
export function checkAs(state: State, as: WireImportedAs): void {
	requireImporter(state);
	const who = ownerOf(as);
	if (isAnonymous(who) || who.length === 0)
		refuseArgument("as.owner", "the anonymous principal and the management canister own nothing");
	const { created_at, modified_at } = as;
	const now = nanoseconds(state.now);
	for (const [field, time] of Object.entries({ created_at, modified_at })) {
		if (time > now) refuseArgument(`as.${field}`, "it must not be after the limit, which is now", now);
		if (time % 1_000_000n !== 0n)
			refuseArgument(`as.${field}`, "it must be whole milliseconds, in nanoseconds");
	}
	if (created_at > modified_at)
		refuseArgument("as.created_at", "it must not be after modified_at, which is the limit", modified_at);
}

/** Whose a blob is that is imported. A copy: what is read is a view into the message. */
export const ownerOf = ({ owner }: WireImportedAs): Uint8Array => owner.toUint8Array().slice();
