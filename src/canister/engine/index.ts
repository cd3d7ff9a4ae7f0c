import {
	type Encodable,
	type ErrorCode,
	ID_BYTES,
	MAX_PLAIN_ARGUMENT_BYTES,
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireProof,
} from "../../protocol/index.js";
import type { Host, Storage } from "../host/ports.js";
import { Administering, statusOf } from "./methods/administering.js";
import { admit, afford, lets, mayCost } from "./methods/admission.js";
import { Batching } from "./methods/batching.js";
import { Changing } from "./methods/changing.js";
import { clean, wakeForCleaning } from "./methods/cleaning.js";
import { Committing } from "./methods/committing.js";
import { countArrived, countRefused, noteArgument, noteContent } from "./methods/content-bytes.js";
import { Expiring } from "./methods/expiring.js";
import { Granting } from "./methods/granting.js";
import { Importing } from "./methods/importing.js";
import { Leasing } from "./methods/leasing.js";
import { Linking } from "./methods/linking.js";
import { Many } from "./methods/many.js";
import { type CertifiedTree, mount, proofOf, type ShownTree } from "./methods/mounting.js";
import { Offering } from "./methods/offering.js";
import { listOwned } from "./methods/owned.js";
import { type ServedAnswer, serve } from "./methods/paging.js";
import { Reading } from "./methods/reading.js";
import { Removing } from "./methods/removing.js";
import { BAD_REQUEST, type HttpQuery, type HttpReply, NO_MORE_EXACT, Serving } from "./methods/serving.js";
import { Staging } from "./methods/staging.js";
import { Statistics } from "./methods/statistics.js";
import { Undeleting } from "./methods/undeleting.js";
import { Uploading } from "./methods/uploading.js";
import type { Settings } from "./settings.js";
import { State } from "./state.js";

export type { AccessRequest, Admit, Authorize } from "./access.js";
export type { Quota } from "./accounts/accounts.js";
export type { CapacitySettings } from "./accounts/capacity.js";
export { Refusal, refuse } from "./base/refusal.js";
export type { CertifiedTree, ShownTree } from "./methods/mounting.js";
export type { ServedAnswer } from "./methods/paging.js";
export { BAD_REQUEST, type HttpQuery, type HttpReply } from "./methods/serving.js";
export { checkNames, checkSettings, type HttpSettings, SETTINGS, type Settings } from "./settings.js";

const NO_ID = new Uint8Array(0);

/** What a method answers: its result, in parts or whole as it travels. */
export type Answer<Name extends MethodName> = Encodable<MethodOk<Name>>;
type Methods = { [Name in MethodName]: (...args: MethodArgs<Name>) => Answer<Name> };

/**
 * A blob store over stable maps, without anything of Azle: what each method of the protocol does. A method answers
 * its result or throws a Refusal before it has written anything. None awaits.
 */
export class Engine {
	readonly #methods: Methods;
	readonly #state: State;
	readonly #serving: Serving;

	constructor(storage: Storage, host: Host, settings: Settings = {}) {
		const state = new State(storage, host, settings);
		const uploading = new Uploading(state);
		const committing = new Committing(state);
		const many = new Many(state);
		const changing = new Changing(state);
		const batching = new Batching(state);
		const staging = new Staging(state);
		const reading = new Reading(state);
		const administering = new Administering(state);
		const expiring = new Expiring(state);
		const undeleting = new Undeleting(state);
		const granting = new Granting(state);
		const importing = new Importing(state);
		const leasing = new Leasing(state);
		const offering = new Offering(state);
		const removing = new Removing(state);
		const linking = new Linking(state);
		const statistics = new Statistics(state);
		this.#state = state;
		this.#serving = new Serving(state);
		this.#methods = {
			blobs_begin_upload: (request) => uploading.begin(request),
			blobs_put_chunk: (id, index, bytes) => uploading.put(id, index, bytes),
			blobs_link_chunks: (request) => uploading.link(request),
			blobs_commit_upload: (request) => committing.commit(request),
			blobs_abort_upload: (id) => uploading.abort(id),
			blobs_put_blob: (request, bytes) => committing.putBlob(request, bytes),
			blobs_put_many: (request) => many.put(request),
			blobs_delete: (request) => changing.delete(request),
			blobs_delete_many: (request) => many.delete(request),
			blobs_update: (request) => changing.update(request),
			blobs_copy: (request) => changing.copy(request),
			blobs_rename: (request) => changing.rename(request),
			blobs_batch: (request) => batching.batch(request),
			blobs_stage: (request) => staging.stage(request),
			blobs_unstage: (request) => staging.unstage(request),
			blobs_reveal: (request) => staging.reveal(request),
			blobs_drop_batch: (request) => staging.drop(request),
			blobs_restore: (request) => undeleting.restore(request),
			blobs_purge: (request) => undeleting.purge(request),
			blobs_grant_role: (request) => administering.grantRole(request),
			blobs_revoke_role: (request) => administering.revokeRole(request),
			blobs_set_quota: (request) => administering.setQuota(request),
			blobs_set_mode: (request) => administering.setMode(request),
			blobs_begin_import: (request) => importing.begin(request),
			blobs_end_import: (request) => importing.end(request),
			blobs_give_grant: (request) => granting.give(request),
			blobs_revoke_grant: (request) => granting.revoke(request),
			blobs_offer: (request) => offering.offer(request),
			blobs_withdraw_offer: (request) => offering.withdraw(request),
			blobs_take_offer: (request) => offering.take(request),
			blobs_remove_owned: (request) => removing.remove(request),
			blobs_offer_link: (request) => linking.offer(request),
			blobs_accept_link: (request) => linking.accept(request),
			blobs_end_link: (request) => linking.end(request),
			blobs_take_lease: (request) => leasing.take(request),
			blobs_extend_lease: (request) => leasing.extend(request),
			blobs_release_lease: (request) => leasing.release(request),
			blobs_set_keep_deleted: (request) => undeleting.setDays(request),
			blobs_set_expiry_rules: (request) => expiring.setRules(request),
			blobs_abort_any_upload: (request) => administering.abortUpload(request),
			blobs_upload_status: (request) => uploading.status(request),
			blobs_list_uploads: (request) => uploading.list(request),
			blobs_list_all_uploads: (request) => administering.listUploads(request),
			blobs_stat: (request) => reading.stat(request),
			blobs_leaves: (request) => reading.leaves(request),
			blobs_get_chunk: (key, sequence, index) => reading.chunk(key, sequence, index),
			blobs_list: (request) => reading.list(request),
			blobs_list_deleted: (request) => undeleting.list(request),
			blobs_list_leases: () => leasing.list(),
			blobs_list_leased: (request) => leasing.listKept(request),
			blobs_staged_batch: (request) => staging.status(request),
			blobs_list_batches: () => staging.list(),
			blobs_list_staged: (request) => staging.listItems(request),
			blobs_changes: (request) => reading.changes(request),
			blobs_status: () => statusOf(state),
			blobs_account: ([who]) => administering.account(who),
			blobs_list_accounts: (request) => administering.listAccounts(request),
			blobs_list_grants: (request) => granting.list(request),
			blobs_list_offers: (request) => offering.list(request),
			blobs_list_owned: (request) => listOwned(state, request),
			blobs_list_links: (request) => linking.list(request),
			blobs_expiry_rules: () => expiring.rules(),
			blobs_stats: () => statistics.stats(),
			blobs_metrics: () => statistics.metrics(),
		};
	}

	/**
	 * Answers a call, or throws a Refusal, in which case nothing has changed. `read` reads the arguments, which have so
	 * many `bytes`, and is not asked to where the caller may make no such call.
	 */
	call<Name extends MethodName>(name: Name, read: () => MethodArgs<Name>, bytes = 0): Answer<Name> {
		const state = this.#state;
		state.begin();
		const isLong = bytes >= MAX_PLAIN_ARGUMENT_BYTES;
		admit(state, name);
		if (isLong) afford(state, name);
		noteArgument(state, name, bytes);
		const { sender } = state.access;
		if (sender !== undefined) state.feed.sentBy(sender);
		const args = read();
		if (!isLong) afford(state, name);
		noteContent(state, name, args);
		const answer = (this.#methods[name] as (...args: unknown[]) => Answer<Name>)(...args);
		if (METHODS[name].kind === "update") {
			state.keepSecret(state.access.hasRule);
			countArrived(state);
			// The dearest part of the message's end, so that it is counted.
			state.certified.flush();
			state.spending.count(state.access.anyone, bytes, state.now);
			state.flush();
		}
		return answer;
	}

	/**
	 * The same for code of the canister itself, whose principal `self` is: it may what administrators may. Its message is
	 * its caller's, and counts in nobody's cycles here.
	 */
	callAs<Name extends MethodName>(
		self: Uint8Array,
		name: Name,
		argsOf: (id: Uint8Array) => MethodArgs<Name>,
	): Answer<Name> {
		const state = this.#state;
		state.begin();
		state.access.actAsCanister(self);
		admit(state, name);
		const isUpdate = METHODS[name].kind === "update";
		const args = argsOf(isUpdate ? state.host.random(ID_BYTES) : NO_ID);
		const answer = (this.#methods[name] as (...args: unknown[]) => Answer<Name>)(...args);
		if (isUpdate) state.flush();
		return answer;
	}

	/**
	 * Whether to let in an update of a user's with an argument of so many bytes, before it is executed. `isReadable` tells
	 * whether that can be read; budgets are looked up only then.
	 */
	lets(name: MethodName, bytes: number, isReadable: () => boolean): boolean {
		this.#state.begin();
		return lets(this.#state, name, bytes) && isReadable() && mayCost(this.#state, name);
	}

	/**
	 * Counts an update that was answered, or refused with this code, and the items that were refused within it. To be
	 * called after each, since it also counts what a refused one brought.
	 */
	tally(name: MethodName, refusal: ErrorCode | undefined): void {
		this.#state.callCounts.count(name, this.#state.host.instructions(), refusal);
		if (refusal !== undefined) countRefused(this.#state, refusal);
	}

	/**
	 * The answer to an HTTP gateway. Undefined where the path can be no blob's, unless `isAll`: then that nothing is there.
	 */
	http(query: HttpQuery, isAll: boolean): HttpReply | undefined {
		this.#state.begin();
		return this.#serving.answer(query, isAll);
	}

	/**
	 * The same as an update, for ranges that no certified answer has. `read` reads the request, which has so many `bytes`,
	 * and is not asked to where no such update is left for today.
	 */
	httpUpdate(read: () => HttpQuery | undefined, bytes: number, isAll: boolean): HttpReply | undefined {
		const state = this.#state;
		state.begin();
		// What an application answers by updates is not the store's to count; and reading it costs nothing more.
		if (!isAll && state.pages !== undefined) {
			const asked = read();
			if (asked !== undefined && this.#serving.isOutside(asked)) return undefined;
		}
		if (!this.#serving.hasExact) return NO_MORE_EXACT;
		const query = read();
		const reply = query === undefined ? BAD_REQUEST : this.#serving.answer(query, isAll, true);
		state.exactRanges.count(bytes, state.now);
		state.counters.flush();
		return reply;
	}

	/** Whether to let such an update in, before it is executed. */
	letsHttp(bytes: number): boolean {
		this.#state.begin();
		return bytes <= MAX_PLAIN_ARGUMENT_BYTES && this.#serving.hasExact;
	}

	/** Certifies a tree of the application's, or nothing, under a label of the root. @throws RangeError */
	mount(label: string, tree: CertifiedTree | undefined): void {
		this.#state.begin();
		mount(this.#state, label, tree);
	}

	/** Answers HTTP gateways at a path of the application's, or no more. @throws RangeError */
	serve(path: string, answer: ServedAnswer | undefined): void {
		this.#state.begin();
		serve(this.#state, path, answer);
	}

	/** Whether a request is the application's to answer, and not for a blob. */
	isOutside(query: HttpQuery): boolean {
		return this.#serving.isOutside(query);
	}

	/** What proves such trees, in a query. @throws RangeError */
	proofOf(shown: readonly ShownTree[]): WireProof {
		this.#state.begin();
		return proofOf(this.#state, shown);
	}

	/** Counts a query that was called as an update, and what refused it. */
	countQuery(): void {
		if (!this.#state.host.isReplicated()) return;
		this.#state.spending.countAlone(this.#state.access.anyone, this.#state.argumentBytes, this.#state.now);
		this.#state.accounts.flush();
		this.#state.counters.flush();
	}

	/**
	 * Asks the rule again about all items of a batch of `owner` that is being prepared for its reveal: earlier answers no
	 * longer hold.
	 */
	ruleChanged(owner: Uint8Array | undefined): void {
		this.#state.begin();
		this.#state.preparing.restart(this.#state, owner);
		this.#state.flush();
	}

	/** Whether a message changed anything that is not written yet: after a refusal, a bug. */
	get isChanged(): boolean {
		return this.#state.isChanged;
	}

	/** Whether nothing was ever stored here. */
	get isNew(): boolean {
		return this.#state.isNew;
	}

	/** To be called at install and after every upgrade, before any method. */
	start(): void {
		this.#state.open();
		wakeForCleaning(this.#state);
		this.#state.flush();
	}

	/** One bounded step of cleaning; the host calls it when the engine asked to be woken. */
	clean(): void {
		this.#state.begin();
		clean(this.#state);
		this.#state.flush();
	}
}
