import type { Settings } from "../../../src/canister/engine/index.js";
import type { ClientContext } from "../../../src/client/context.js";
import type { MethodName, WireExpired, WireProof } from "../../../src/protocol/index.js";
import { Certifier } from "./certifier.js";
import { type Call, MemoryStore } from "./memory-store.js";

/** Methods whose answers bring a proof along. */
const PROVEN: readonly MethodName[] = ["blobs_stat", "blobs_changes", "blobs_list"];

/**
 * A store in memory whose root a subnet of the test's own certifies, in queries as the system does. What a test does to
 * an answer it does in `tamper`, after that.
 */
export class ProvingStore {
	readonly store: MemoryStore;
	readonly certifier = new Certifier();
	tamper: (call: Call, answer: never) => unknown = (_call, answer) => answer;
	/** Whether answers bring a proof along. */
	proves = true;

	constructor(settings: Settings = {}) {
		this.store = new MemoryStore(settings);
		this.store.hooks = {
			answer: (call, answer) => this.tamper(call, this.#certified(call, answer) as never),
		};
	}

	/** A client of the store, as whoever the store's host says is calling. */
	context(options: Parameters<MemoryStore["context"]>[0] = {}): ClientContext {
		return this.store.context({ trust: this.certifier.trust(this.store.host.sender), ...options });
	}

	/** What is certified now. */
	get root(): Uint8Array {
		const { certified } = this.store.host;
		if (certified === undefined) throw new Error("nothing was certified yet");
		return certified;
	}

	#certified(call: Call, answer: unknown): unknown {
		if (!PROVEN.includes(call.method)) return answer;
		const isProven = call.kind === "query" && this.proves;
		const certificate = () => this.certifier.certificate(this.root);
		const { witness, expired = [] } = answer as WireProof & { expired?: [] | [WireExpired] };
		const proof: WireProof =
			isProven && witness.length > 0
				? { certificate: [certificate()], witness }
				: { certificate: [], witness: [] };
		if (expired[0] === undefined) return { ...(answer as object), ...proof };
		const over = isProven ? [{ ...expired[0], certificate: certificate() }] : [];
		return { ...(answer as object), ...proof, expired: over };
	}
}
