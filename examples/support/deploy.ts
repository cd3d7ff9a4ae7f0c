import { createHash } from "node:crypto";
import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { management } from "./management.js";

/** A Wasm exceeds a message: it is uploaded in chunks of this size, the management canister's own limit. */
const CHUNK_BYTES = 1 << 20;
const CYCLES = 1_000_000_000_000_000n;
/**
 * Id in the range of the subnet of a test network that creates canisters. The local network's by default;
 * BLOBS_EFFECTIVE_CANISTER_ID sets another.
 */
const EFFECTIVE_ID = process.env.BLOBS_EFFECTIVE_CANISTER_ID ?? "7tjcv-pp777-77776-qaaaa-cai";

/** The third mode is omitted: it would delete the data of a canister. */
export type InstallMode = "install" | "upgrade";

/** Creates a canister on a test network, with free cycles, and installs a Wasm into it. */
export async function deployCanister(
	agent: HttpAgent,
	wasm: Uint8Array,
	cycles = CYCLES,
): Promise<Principal> {
	const { canister_id } = await management(
		agent,
		Principal.fromText(EFFECTIVE_ID),
	).provisional_create_canister_with_cycles({ settings: [], specified_id: [], amount: [cycles] });
	await installWasm(agent, canister_id, wasm, "install");
	return canister_id;
}

export async function installWasm(
	agent: HttpAgent,
	canisterId: Principal,
	wasm: Uint8Array,
	mode: InstallMode,
): Promise<void> {
	const ic = management(agent, canisterId);
	await ic.clear_chunk_store({ canister_id: canisterId });
	const chunks: { hash: Uint8Array }[] = [];
	for (let at = 0; at < wasm.length; at += CHUNK_BYTES)
		chunks.push(
			await ic.upload_chunk({ canister_id: canisterId, chunk: wasm.subarray(at, at + CHUNK_BYTES) }),
		);
	await ic.install_chunked_code({
		mode: mode === "upgrade" ? { upgrade: [] } : { install: null },
		target_canister: canisterId,
		store_canister: [],
		chunk_hashes_list: chunks,
		wasm_module_hash: createHash("sha256").update(wasm).digest(),
		arg: IDL.encode([], []),
		sender_canister_version: [],
	});
}
