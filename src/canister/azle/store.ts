import { init, msgArgData, msgReply, postUpgrade, query, trap, update } from "azle";
import { METHODS, type MethodName, type MethodOk, type WireResult } from "../../protocol/index.js";
import { decodeArgs, encodeReply } from "../candid/codec.js";
import { Engine, Refusal } from "../engine/index.js";
import { MEMORIES } from "../memory.js";
import { AzleHost } from "./host.js";
import { nativeSha256, type Sha256 } from "./sha256.js";
import { AzleStorage } from "./storage.js";

export interface BlobStoreOptions {
	/**
	 * Added to each memory id of the store (0 to 9), to leave ids to an application's own maps. Frozen once deployed:
	 * the data is found by it. Default 0, at most 244.
	 */
	readonly memoryOffset?: number;
	/**
	 * How SHA-256 is computed. Default: the native kernel that `canister-blobs link` puts into the Wasm; without it
	 * the canister refuses to install. js-sha256 (canister-blobs/canister/js-sha256) needs no link step and costs
	 * 16,800 instructions a byte instead of 60: for tests and very small blobs.
	 */
	readonly sha256?: Sha256;
	/**
	 * Whether the class brings `init` and `post_upgrade`. Default true. A canister has each once: beside a class that
	 * has its own, say false and call `start` from both.
	 */
	readonly lifecycle?: boolean;
}

/** The class to export from a canister's main file, alone or in an array beside an application's own. */
export interface BlobStoreClass {
	new (): object;
	/** What init and post_upgrade must do: check the SHA-256 and the stored layout, arm timers. Traps if it cannot. */
	start(): void;
}

const MAX_MEMORY_ID = 253;

/** Makes a blob store: a class whose methods, all named `blobs_…`, are the protocol (docs/PROTOCOL.md). */
export function createBlobStore(options: BlobStoreOptions = {}): BlobStoreClass {
	const { memoryOffset = 0, sha256 = nativeSha256, lifecycle = true } = options;
	if (!Number.isInteger(memoryOffset) || memoryOffset < 0 || memoryOffset + MEMORIES - 1 > MAX_MEMORY_ID)
		throw new RangeError(`memoryOffset must be a whole number from 0 to ${MAX_MEMORY_ID - MEMORIES + 1}`);

	let running: ReturnType<typeof run> | undefined;
	const run = () => {
		const storage = new AzleStorage(memoryOffset);
		const engine: Engine = new Engine(storage, new AzleHost(sha256, () => engine.clean()));
		return { engine, storage };
	};

	const start = () => {
		const missing = sha256.whyNot?.();
		if (missing !== undefined) trap(missing);
		running = run();
		running.engine.start();
	};

	function answer<Name extends MethodName>(name: Name): void {
		const { engine, storage } =
			running ?? trap("the store was not started: call start() in init and post_upgrade");
		const before = storage.writes;
		let result: WireResult<MethodOk<Name>>;
		try {
			const method = engine.methods[name] as (...args: unknown[]) => MethodOk<Name>;
			result = { ok: method(...decodeArgs(name, msgArgData())) };
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			// Whoever refuses must not have written: half a change would stay. The trap takes it all back.
			if (storage.writes !== before) trap(`a bug of canister-blobs: ${name} wrote before it refused`);
			result = { err: error.wire };
		}
		msgReply(encodeReply(name, result));
	}

	const change = (name: MethodName) => update(METHODS[name].args, METHODS[name].result, { manual: true });
	const read = (name: MethodName) => query(METHODS[name].args, METHODS[name].result, { manual: true });

	class BlobStore {
		static start = start;

		@change("blobs_begin_upload")
		blobs_begin_upload(): void {
			answer("blobs_begin_upload");
		}

		@change("blobs_put_chunk")
		blobs_put_chunk(): void {
			answer("blobs_put_chunk");
		}

		@read("blobs_upload_status")
		blobs_upload_status(): void {
			answer("blobs_upload_status");
		}

		@read("blobs_list_uploads")
		blobs_list_uploads(): void {
			answer("blobs_list_uploads");
		}

		@change("blobs_commit_upload")
		blobs_commit_upload(): void {
			answer("blobs_commit_upload");
		}

		@change("blobs_abort_upload")
		blobs_abort_upload(): void {
			answer("blobs_abort_upload");
		}

		@change("blobs_put_blob")
		blobs_put_blob(): void {
			answer("blobs_put_blob");
		}

		@read("blobs_stat")
		blobs_stat(): void {
			answer("blobs_stat");
		}

		@read("blobs_leaves")
		blobs_leaves(): void {
			answer("blobs_leaves");
		}

		@read("blobs_get_chunk")
		blobs_get_chunk(): void {
			answer("blobs_get_chunk");
		}

		@read("blobs_list")
		blobs_list(): void {
			answer("blobs_list");
		}

		@change("blobs_delete")
		blobs_delete(): void {
			answer("blobs_delete");
		}

		@change("blobs_grant_role")
		blobs_grant_role(): void {
			answer("blobs_grant_role");
		}

		@change("blobs_revoke_role")
		blobs_revoke_role(): void {
			answer("blobs_revoke_role");
		}

		@read("blobs_list_roles")
		blobs_list_roles(): void {
			answer("blobs_list_roles");
		}
	}
	if (!lifecycle) return BlobStore;

	return class extends BlobStore {
		@init([], { manual: true })
		blobs_init(): void {
			start();
		}

		@postUpgrade([], { manual: true })
		blobs_post_upgrade(): void {
			start();
		}
	};
}
