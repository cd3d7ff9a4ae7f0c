/**
 * Abstract behavior, "Query call" and "Request: Call" (inspection): executions on one node that leave no trace.
 */

import type { DelegationFormat } from "../certification/topology.js";
import { utf8 } from "../encoding/bytes.js";
import { newContext } from "./call-context.js";
import { notFound, outOfCycles, refusalOf, rejected } from "./calls.js";
import type { Response } from "./message.js";
import { ExecutionError, missingMethod, type Reject, RejectCode, reject } from "./rejects.js";
import type { Ingress, Subnet } from "./subnet.js";

export interface QueryRequest {
	readonly sender: Uint8Array;
	readonly canister: Uint8Array;
	readonly method: string;
	readonly arg: Uint8Array;
}

export function query(subnet: Subnet, request: QueryRequest, format: DelegationFormat): Response {
	const { canister: id, method, arg, sender } = request;
	if (id.length === 0) return subnet.management.query(sender, method, arg);
	const system = subnet.systemCanisters.get(id);
	if (system) {
		const message = { caller: sender, time: subnet.state().time, cycles: 0n };
		return system.call("query", method, arg, message).response;
	}
	const canister = subnet.canister(id);
	if (!canister) return rejected(notFound(id));
	const refusal = refusalOf(canister);
	if (refusal) return rejected(refusal);
	if (canister.exports(`canister_composite_query ${method}`)) {
		const error = new ExecutionError(
			"IC0536",
			`Composite queries ('${method}') are not supported by this local network`,
		);
		return rejected(error.toReject(canister.text));
	}
	const name = `canister_query ${method}`;
	if (!canister.exports(name)) return rejected(missingMethod("query", method).toReject(canister.text));

	const state = subnet.state();
	let certificate: Uint8Array | undefined;
	const { message, error } = subnet.executor.query(
		canister,
		{ kind: "export", name },
		{
			mode: "NRQ",
			caller: sender,
			arg,
			time: state.time,
			context: newContext({ kind: "ingress", requestId: "" }, sender, 0n),
			dataCertificate: () => {
				certificate ??= state.certificate(
					[[utf8("canister"), canister.id, utf8("certified_data")], [utf8("time")]],
					subnet.delegation(format),
				);
				return certificate;
			},
		},
		{ kind: "query", method },
	);
	if (error) return rejected(error.toReject(canister.text));
	if (message.response) return message.response;
	const text = `Canister ${canister.text} did not produce a response`;
	return rejected(reject(RejectCode.CanisterError, "IC0506", text));
}

/** Runs `inspect_message`. @returns the reject if the canister does not accept the message */
export function inspect(subnet: Subnet, ingress: Ingress): Reject | undefined {
	if (subnet.systemCanisters.get(ingress.canister)) return undefined;
	const canister = subnet.canister(ingress.canister);
	if (!canister) return notFound(ingress.canister);
	const refusal = refusalOf(canister);
	if (refusal) return refusal;
	const { fees, prepayment } = subnet.executor;
	const needed = fees.ingress(Buffer.byteLength(ingress.method) + ingress.arg.length) + prepayment;
	if (canister.cycles < needed) return outOfCycles(canister, needed);
	if (!canister.exports("canister_inspect_message")) return undefined;
	const { message, error } = subnet.executor.inspect(
		canister,
		{ kind: "export", name: "canister_inspect_message" },
		{
			mode: "F",
			caller: ingress.sender,
			arg: ingress.arg,
			methodName: ingress.method,
			time: subnet.state().time,
		},
		{ kind: "inspect", method: ingress.method },
	);
	if (error) return error.toReject(canister.text);
	if (message.accepted) return undefined;
	const text = `Error from Canister ${canister.text}: Canister rejected the message`;
	return reject(RejectCode.CanisterReject, "IC0406", text);
}
