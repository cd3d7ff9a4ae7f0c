/**
 * HTTPS interface, "Overview of canister calling": a node's checks of a call to the management canister before it
 * accepts it.
 */

import type { Principal } from "@dfinity/principal";
import { equal } from "../encoding/bytes.js";
import { notFound } from "../execution/calls.js";
import { type Reject, RejectCode, reject } from "../execution/rejects.js";
import type { Ingress, Subnet } from "../execution/subnet.js";
import { HttpError } from "../http/replies.js";
import { type CanisterArgValue, decodeArgs, isMethod } from "./candid.js";
import { notController } from "./refusal.js";

const OPEN_TO_ALL = new Set(["provisional_create_canister_with_cycles", "provisional_top_up_canister"]);
const QUERY_ONLY = "fetch_canister_logs";
const CANISTERS_ONLY = new Set(["create_canister", "raw_rand", "deposit_cycles"]);

export function inspectManagement(subnet: Subnet, ingress: Ingress): Reject | undefined {
	const { method } = ingress;
	if (!isMethod(method) || CANISTERS_ONLY.has(method) || method === QUERY_ONLY) {
		const why =
			method === QUERY_ONLY
				? `Management canister method '${method}' can only be queried`
				: isMethod(method)
					? `Management canister method '${method}' cannot be called by a user`
					: `Management canister has no method '${method}' in this local network`;
		return reject(RejectCode.CanisterReject, "IC0516", why);
	}
	if (method === "provisional_create_canister_with_cycles") return undefined;
	let id: Uint8Array;
	try {
		const args = decodeArgs(method, ingress.arg) as CanisterArgValue & { target_canister?: Principal };
		id = (args.target_canister ?? args.canister_id).toUint8Array();
	} catch (error) {
		return reject(RejectCode.CanisterReject, "IC0516", `Error decoding candid: ${(error as Error).message}`);
	}
	if (!equal(id, ingress.effectiveCanister)) {
		throw new HttpError(
			400,
			"The canister id in the argument does not match the effective canister id in the URL",
		);
	}
	const canister = subnet.canister(id);
	if (!canister) return notFound(id);
	if (OPEN_TO_ALL.has(method) || canister.isController(ingress.sender)) return undefined;
	if (subnet.management.isOpenTo(canister, method, ingress.sender)) return undefined;
	return notController(canister, ingress.sender);
}
