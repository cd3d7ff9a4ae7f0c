/** Responses that replace the network's. */
import { type Reject, reject } from "../execution/rejects.js";
import { BUSY, textReply, tooLarge } from "../http/replies.js";
import type { WireReply } from "../http/wire.js";
import type { RejectFault, StatusFault } from "./fault.js";

const PAGE = (status: number) =>
	`<html><head><title>${status}</title></head><body><h1>${status}</h1><hr>proxy</body></html>\n`;

export function statusReply({ status, retryAfter, body, contentType }: StatusFault): WireReply {
	const { headers, body: usual } = usualReply(status);
	return {
		status,
		headers: {
			...headers,
			...(contentType !== undefined && { "content-type": contentType }),
			...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
		},
		body: body === undefined ? usual : Buffer.from(body, "utf8"),
	};
}

/** Responses in the words of the replica and the boundary; any other status gets a page like a proxy's. */
function usualReply(status: number): WireReply {
	if (status === 413) return tooLarge().reply;
	if (status === 429 || status === 503) return textReply(status, BUSY[status]);
	if (status < 500) return textReply(status, "");
	return { status, headers: { "content-type": "text/html" }, body: Buffer.from(PAGE(status), "utf8") };
}

/** The replica's error code for each reject code. */
const REJECTIONS = {
	1: ["IC0101", "The subnet is oversubscribed."],
	2: ["IC0201", "The canister's input queue is full."],
	3: ["IC0301", "Canister not found."],
	4: ["IC0406", "The canister rejected the message."],
	5: ["IC0502", "Canister trapped: unreachable."],
} as const;

export function rejection({ reject: code, message, errorCode }: RejectFault): Reject {
	const [usualCode, usualMessage] = REJECTIONS[code];
	return reject(code, errorCode ?? usualCode, message ?? usualMessage);
}
