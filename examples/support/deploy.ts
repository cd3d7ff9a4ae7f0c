import { createHash } from "node:crypto";
import { type ActorSubclass, getManagementCanister, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";

/** A Wasm is larger than a message: it goes up in chunks of this size, the management canister's own limit. */
const CHUNK_BYTES = 1 << 20;
const CYCLES = 1_000_000_000_000_000n;

export type InstallMode = "install" | "upgrade" | "reinstall";

/** Creates a canister on a test network, with cycles from nowhere, and installs a Wasm into it. */
export async function deployCanister(agent: HttpAgent, wasm: Uint8Array): Promise<Principal> {
	const created = await management(agent).provisional_create_canister_with_cycles({
		settings: [],
		specified_id: [],
		amount: [CYCLES],
		sender_canister_version: [],
	});
	await installWasm(agent, created.canister_id, wasm, "install");
	return created.canister_id;
}

export async function installWasm(
	agent: HttpAgent,
	canisterId: Principal,
	wasm: Uint8Array,
	mode: InstallMode,
): Promise<void> {
	const ic = management(agent);
	await ic.clear_chunk_store({ canister_id: canisterId });
	const hashes: { hash: Uint8Array }[] = [];
	for (let at = 0; at < wasm.length; at += CHUNK_BYTES)
		hashes.push(
			(await ic.upload_chunk({
				canister_id: canisterId,
				chunk: wasm.subarray(at, at + CHUNK_BYTES),
			})) as { hash: Uint8Array },
		);
	await ic.install_chunked_code({
		mode: mode === "upgrade" ? { upgrade: [] } : mode === "install" ? { install: null } : { reinstall: null },
		target_canister: canisterId,
		store_canister: [],
		chunk_hashes_list: hashes,
		wasm_module_hash: createHash("sha256").update(wasm).digest(),
		arg: IDL.encode([], []),
		sender_canister_version: [],
	});
}

type Management = ReturnType<typeof getManagementCanister>;

function management(agent: HttpAgent): ActorSubclass<Management> {
	return getManagementCanister({ agent });
}
