/** The cycles minting canister, `rkp4c-7iaaa-aaaaa-aaaca-cai`: which subnets may be chosen. It converts no ICP here. */
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { SystemCanister } from "./system-canister.js";

export const CYCLES_MINTING_CANISTER = Buffer.from("00000000000000040101", "hex");

export function cyclesMintingCanister(subnetId: Uint8Array): SystemCanister {
	const subnet = Principal.fromUint8Array(subnetId);
	return new SystemCanister(CYCLES_MINTING_CANISTER, "cycles minting canister", {
		get_default_subnets: {
			kind: "query",
			args: [],
			result: IDL.Vec(IDL.Principal),
			run: () => [subnet],
		},
	});
}
