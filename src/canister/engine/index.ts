import type { MethodArgs, MethodName, MethodOk } from "../../protocol/index.js";
import type { Host, Storage } from "../ports.js";
import { Changing } from "./changing.js";
import { clean, wakeForCleaning } from "./cleaning.js";
import { Reading } from "./reading.js";
import { State } from "./state.js";
import { Uploading } from "./uploading.js";

export { Refusal, refuse } from "./refusal.js";

type Methods = { [Name in MethodName]: (...args: MethodArgs<Name>) => MethodOk<Name> };

/**
 * A blob store over stable maps, without anything of Azle: what each method of the protocol does. A method answers
 * its result or throws a Refusal before it has written anything. None awaits.
 */
export class Engine {
	readonly methods: Methods;
	readonly #state: State;

	constructor(storage: Storage, host: Host) {
		const state = new State(storage, host);
		const uploading = new Uploading(state);
		const reading = new Reading(state);
		const changing = new Changing(state);
		this.#state = state;
		this.methods = {
			blobs_begin_upload: (request) => uploading.begin(request),
			blobs_put_chunk: (id, index, bytes) => uploading.put(id, index, bytes),
			blobs_upload_status: (request) => uploading.status(request),
			blobs_list_uploads: (request) => uploading.list(request),
			blobs_commit_upload: (request) => uploading.commit(request),
			blobs_abort_upload: (id) => uploading.abort(id),
			blobs_put_blob: (request, bytes) => uploading.putBlob(request, bytes),
			blobs_stat: (request) => reading.stat(request),
			blobs_leaves: (request) => reading.leaves(request),
			blobs_get_chunk: (key, sequence, index) => reading.chunk(key, sequence, index),
			blobs_list: (request) => reading.list(request),
			blobs_delete: (request) => changing.delete(request),
			blobs_grant_role: (request) => changing.grantRole(request),
			blobs_revoke_role: (request) => changing.revokeRole(request),
			blobs_list_roles: (request) => changing.listRoles(request),
		};
	}

	/** To be called at install and after every upgrade, before any method. */
	start(): void {
		this.#state.open();
		wakeForCleaning(this.#state);
	}

	/** One bounded step of cleaning; the host calls it when the engine asked to be woken. */
	clean(): void {
		clean(this.#state);
	}
}
