import type { ClientContext } from "../../../src/client/context.js";
import {
	FEED_LABEL,
	type MethodName,
	privateManifestPath,
	publicManifestPath,
	type WireChanges,
	type WireListPage,
	type WireManifest,
	type WireStatAnswer,
} from "../../../src/protocol/index.js";
import { CatalogTree, Certifier, privateLabel } from "./certifier.js";
import { type Call, MemoryStore } from "./memory-store.js";

export const SALT = new Uint8Array(16).fill(9);
const OTHER_SALT = new Uint8Array(16).fill(8);

/**
 * A store in memory whose queries bring proofs along, under the key of a subnet of the test's own. What a test does to
 * an answer it does in `tamper`, after that.
 */
export class ProvingStore {
	readonly store = new MemoryStore();
	readonly certifier = new Certifier();
	tamper: (call: Call, answer: never) => unknown = (_call, answer) => answer;
	/** Whether answers bring a proof along. */
	proves = true;
	/** What the tree was, for a node that lags. */
	frozen: CatalogTree | undefined;

	constructor() {
		this.store.hooks = { answer: (call, answer) => this.#answer(call, answer) };
	}

	/** A client of the store, as whoever the store's host says is calling. */
	context(options: Parameters<MemoryStore["context"]>[0] = {}): ClientContext {
		return this.store.context({ trust: this.certifier.trust(this.store.host.sender), ...options });
	}

	async #answer(call: Call, answer: unknown): Promise<unknown> {
		if (call.method === "blobs_stat") {
			const stat = { ...(answer as WireStatAnswer), salt: [SALT] as [Uint8Array] };
			if (call.kind === "query" && this.proves) {
				const [{ key }] = call.args as [{ key: string }];
				Object.assign(stat, await this.#proofOfKey(key, stat.manifest[0]));
			}
			return this.tamper(call, stat as never);
		}
		if (call.method === "blobs_changes" && call.kind === "query" && this.proves) {
			const tree = await this.tree();
			const changes = { ...(answer as WireChanges), ...this.#proof(tree, [[FEED_LABEL]]) };
			return this.tamper(call, changes as never);
		}
		return this.tamper(call, answer as never);
	}

	async tree(): Promise<CatalogTree> {
		if (this.frozen) return this.frozen;
		const { sender } = this.store.host;
		const all = { prefix: "", recursive: true, after: [], limit: 1000, min_sequence: [] };
		const page = await this.#asOwner<WireListPage>("blobs_list", all);
		const manifests = page.entries.flatMap((entry) => ("blob" in entry ? [entry.blob] : []));
		const first = { after: [], limit: 1, min_sequence: [] };
		const { last } = await this.#asOwner<WireChanges>("blobs_changes", first);
		const saltOf = (owner: Uint8Array) => (Buffer.compare(owner, sender) === 0 ? SALT : OTHER_SALT);
		return new CatalogTree(last.head, manifests, saltOf);
	}

	#asOwner<Answer>(method: MethodName, request: unknown): Promise<Answer> {
		const { host, owner } = this.store;
		const { sender } = host;
		host.sender = owner;
		const answer = this.store.direct(method, request);
		// The store has answered by now: only that is told later.
		host.sender = sender;
		return answer as Promise<Answer>;
	}

	async #proofOfKey(key: string, manifest: WireManifest | undefined) {
		const caller = this.store.host.sender;
		const owner = manifest?.owner.toUint8Array() ?? caller;
		const salt = Buffer.compare(owner, caller) === 0 ? SALT : OTHER_SALT;
		const paths = [publicManifestPath(key), privateManifestPath(privateLabel(salt, owner, key))];
		return this.#proof(await this.tree(), paths);
	}

	#proof(tree: CatalogTree, paths: Uint8Array[][]) {
		return {
			certificate: [this.certifier.certificate(tree.root)],
			witness: [tree.witness(...paths)],
		};
	}
}
