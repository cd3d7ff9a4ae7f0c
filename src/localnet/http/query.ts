/** HTTPS interface, "Request: Query call": the answer, signed by the node that computed it. */
import { domainSeparator } from "../encoding/bytes.js";
import { hashOfMap } from "../encoding/hash-of-map.js";
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
	authenticate(envelope, "query", content.canister, api.options.clock());

	const { subnet, topology } = api;
	const timestamp = subnet.state().time;
	const response = query(
		subnet,
		{ ...content, sender: envelope.sender },
		target.version === 2 ? "flat" : "tree",
	);
	const answer =
		response.kind === "reply"
			? { status: "replied", reply: { arg: response.bytes } }
			: {
					status: "rejected",
					error_code: response.reject.errorCode,
					reject_code: BigInt(response.reject.code),
					reject_message: response.reject.message,
				};
	const hash = hashOfMap({ ...answer, timestamp, request_id: envelope.requestId });
	const signature = topology.node.sign(Buffer.concat([RESPONSE, hash]));
	return cborReply(200, {
		...answer,
		signatures: [{ timestamp, signature, identity: topology.node.nodeId }],
	});
}
