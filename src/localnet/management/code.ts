/**
 * IC management canister: "install_code", "install_chunked_code", "upload_chunk", "clear_chunk_store",
 * "stored_chunks".
 */
import type { Principal } from "@dfinity/principal";
import { equal, hex, sha256 } from "../encoding/bytes.js";
import type { Call } from "../execution/calls.js";
import type { Canister } from "../execution/canister.js";
import { SIZES } from "../limits.js";
import type { CanisterArgValue, ModeValue } from "./candid.js";
import { install } from "./install.js";
import { type Context, DONE, type Methods, type Result } from "./method.js";
import { Refused, refuse } from "./refusal.js";

interface InstallArgs extends CanisterArgValue {
	readonly mode: ModeValue;
	readonly wasm_module: Uint8Array;
	readonly arg: Uint8Array;
}
interface InstallChunkedArgs {
	readonly mode: ModeValue;
	readonly target_canister: Principal;
	readonly store_canister: [] | [Principal];
	readonly chunk_hashes_list: { readonly hash: Uint8Array }[];
	readonly wasm_module_hash: Uint8Array;
	readonly arg: Uint8Array;
}

export function codeMethods(context: Context): Methods {
	const { env } = context;

	const installCode = (
		canister: Canister,
		mode: ModeValue,
		wasm: Uint8Array,
		arg: Uint8Array,
		call: Call,
	): Result => {
		const upgrade = mode.upgrade?.[0];
		const [persistence] = upgrade?.wasm_memory_persistence ?? [];
		if (persistence && "keep" in persistence) {
			refuse("IC0504", "wasm_memory_persistence = keep is not supported by this local network");
		}
		const failure = install(env.executor, canister, {
			mode: mode.upgrade ? "upgrade" : "reinstall" in mode ? "reinstall" : "install",
			skipPreUpgrade: upgrade?.skip_pre_upgrade[0] ?? false,
			wasm,
			arg,
			caller: call.caller,
			time: env.time(),
			ingress: call.ingress,
		});
		if (failure) throw new Refused(failure);
		return DONE;
	};

	return {
		install_code({ args, call }) {
			const { canister_id, mode, wasm_module, arg } = args as InstallArgs;
			return installCode(context.controlled(canister_id, call), mode, wasm_module, arg, call);
		},
		install_chunked_code({ args, call }) {
			const { target_canister, store_canister, ...rest } = args as InstallChunkedArgs;
			const target = context.controlled(target_canister, call);
			const store = store_canister[0] ? context.controlled(store_canister[0], call, true) : target;
			const chunks = rest.chunk_hashes_list.map(
				({ hash }) => store.chunkStore.get(hex(hash)) ?? missing(hash),
			);
			const wasm = Buffer.concat(chunks);
			if (!equal(sha256(wasm), rest.wasm_module_hash)) {
				refuse(
					"IC0534",
					`Error from Wasm chunk store: Wasm module hash ${hex(sha256(wasm))} does not match given hash ${hex(rest.wasm_module_hash)}`,
				);
			}
			return installCode(target, rest.mode, wasm, rest.arg, call);
		},
		upload_chunk({ args, call }) {
			const { canister_id, chunk } = args as CanisterArgValue & { chunk: Uint8Array };
			const { chunkStore } = context.controlled(canister_id, call, true);
			const hash = sha256(chunk);
			if (chunk.length > SIZES.wasmChunkBytes) {
				refuse(
					"IC0534",
					`Error from Wasm chunk store: Wasm chunk size ${chunk.length} exceeds the maximum chunk size of ${SIZES.wasmChunkBytes}.`,
				);
			}
			if (chunkStore.size >= SIZES.wasmChunks && !chunkStore.has(hex(hash))) {
				refuse("IC0534", `Error from Wasm chunk store: it already holds ${SIZES.wasmChunks} chunks`);
			}
			// A copy: the chunk is a view of the whole request.
			chunkStore.set(hex(hash), Uint8Array.from(chunk));
			return { values: [{ hash }] };
		},
		clear_chunk_store({ args, call }) {
			context.controlled((args as CanisterArgValue).canister_id, call, true).chunkStore.clear();
			return DONE;
		},
		stored_chunks({ args, call }) {
			const { chunkStore } = context.controlled((args as CanisterArgValue).canister_id, call, true);
			return { values: [[...chunkStore.keys()].map((key) => ({ hash: Buffer.from(key, "hex") }))] };
		},
	};
}

function missing(hash: Uint8Array): never {
	return refuse("IC0534", `Error from Wasm chunk store: Chunk ${hex(hash)} was not found`);
}
