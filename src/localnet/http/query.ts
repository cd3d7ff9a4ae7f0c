/** HTTPS interface, "Request: Query call": the response, signed by the node that computed it. */
import { domainSeparator } from "../encoding/bytes.js";
import { type Hashable, hashOfMap } from "../encoding/hash-of-map.js";
import type { Response } from "../execution/message.js";
import { query } from "../execution/query.js";
import { authenticate } from "../ingress/authentication.js";
import { type Envelope, queryContent } from "../ingress/envelope.js";
import type { Api, Target } from "./api.js";
import { checkEffectiveCanister } from "./call.js";
import { cborReply } from "./replies.js";
import type { WireReply } from "./wire.js";

const RESPONSE = domainSeparator("ic-response");

export function handleQuery(api: Api, target: Target, envelope: Envelope): WireReply {
	const content = queryContent(envelope);
	checkEffectiveCanister(target, content.canister);
	authenticate(envelope, "query", content.canister, api);
	const response = query(
		api.subnet,
		{ ...content, sender: envelope.sender },
		target.version === 2 ? "flat" : "tree",
	);
	return queryReply(api, envelope.requestId, response);
}

export function queryReply({ subnet, topology }: Api, requestId: Uint8Array, response: Response): WireReply {
	const timestamp = subnet.state().time;
	const answer =
		response.kind === "reply"
			? { status: "replied", reply: { arg: response.bytes } }
			: {
					status: "rejected",
					error_code: response.reject.errorCode,
					reject_code: BigInt(response.reject.code),
					reject_message: response.reject.message,
				};
	const signature = topology.node.sign(signedBytes(answer, timestamp, requestId));
	return cborReply(200, {
		...answer,
		signatures: [{ timestamp, signature, identity: topology.node.nodeId }],
	});
}

/** The bytes that a node signs for its response. */
export function signedBytes(
	answer: Readonly<Record<string, Hashable>>,
	timestamp: bigint,
	requestId: Uint8Array,
): Buffer {
	return Buffer.concat([RESPONSE, hashOfMap({ ...answer, timestamp, request_id: requestId })]);
}
