import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import type { Network } from "canister-blobs/localnet";
import { BlobClient } from "canister-blobs/node";
import { deployCanister } from "../examples/support/deploy.js";

/** A store on a network, its controller's agent, and a writer. */
export interface Scene {
	readonly agent: HttpAgent;
	readonly canisterId: Principal;
	readonly writer: Ed25519KeyIdentity;
}

export async function deployScene(network: Network, wasm: Uint8Array): Promise<Scene> {
	const agent = await HttpAgent.create({
		host: network.url,
		rootKey: network.rootKey,
		identity: Ed25519KeyIdentity.generate(),
	});
	const canisterId = await deployCanister(agent, wasm);
	const writer = Ed25519KeyIdentity.generate();
	await new BlobClient({ agent, canisterId }).admin.grantRole(writer.getPrincipal(), "writer");
	return { agent, canisterId, writer };
}
