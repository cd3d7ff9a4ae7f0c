/** Installing canisters through the public interface, as any tool would. */
import { HttpAgent, type Identity } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import { METHODS, type MethodName } from "../../../src/localnet/management/candid.js";
import "../../support/test-signatures.js";
import { callCanister } from "./call.js";

const MANAGEMENT = Principal.fromText("aaaaa-aa");

export interface NetworkAddress {
	readonly url: string;
	readonly rootKey: Uint8Array;
}

export function agentFor(network: NetworkAddress, identity: Identity = testIdentity(1)): Promise<HttpAgent> {
	return HttpAgent.create({
		host: network.url,
		rootKey: Uint8Array.from(network.rootKey),
		identity,
		retryTimes: 0,
	});
}

/** The same identity for the same number. */
export function testIdentity(number: number): Ed25519KeyIdentity {
	return Ed25519KeyIdentity.generate(new Uint8Array(32).fill(number));
}

/** Calls a method of the management canister. */
export async function manage(
	agent: HttpAgent,
	method: MethodName,
	args: Record<string, unknown>,
	effectiveCanisterId: Principal = args.canister_id as Principal,
): Promise<unknown> {
	const [inputs, outputs] = METHODS[method];
	const arg = new Uint8Array(IDL.encode([...inputs], inputs.length > 0 ? [args] : []));
	const reply = await callCanister(agent, MANAGEMENT, method, arg, effectiveCanisterId);
	return IDL.decode([...outputs], reply)[0];
}

export async function createCanister(agent: HttpAgent, cycles?: bigint): Promise<Principal> {
	const args = { amount: cycles === undefined ? [] : [cycles], settings: [], specified_id: [] };
	const first = Principal.fromText("7tjcv-pp777-77776-qaaaa-cai");
	const reply = (await manage(agent, "provisional_create_canister_with_cycles", args, first)) as {
		canister_id: Principal;
	};
	return Principal.fromUint8Array(reply.canister_id.toUint8Array());
}

export async function installCode(
	agent: HttpAgent,
	canister_id: Principal,
	wasm_module: Uint8Array,
	mode: "install" | "reinstall" | "upgrade" = "install",
	arg: Uint8Array = new Uint8Array(0),
): Promise<void> {
	const variant = mode === "upgrade" ? { upgrade: [] } : { [mode]: null };
	await manage(agent, "install_code", { mode: variant, canister_id, wasm_module, arg });
}

/** Creates a canister and installs a module into it. */
export async function deploy(agent: HttpAgent, wasm: Uint8Array, cycles?: bigint): Promise<Principal> {
	const canister = await createCanister(agent, cycles);
	await installCode(agent, canister, wasm);
	return canister;
}
