import { ClientError } from "../errors/errors.js";
import { lebDecode, text } from "../util/bytes.js";
import { type Certificate, invalid } from "../verification/certificate.js";
import { lookup } from "../verification/hash-tree.js";

/** What a certificate says about a request. `unknown`: the network has not seen it, or has forgotten it. */
export type RequestStatus =
	| { readonly kind: "unknown" | "processing" | "done" }
	| { readonly kind: "replied"; readonly reply: Uint8Array }
	| { readonly kind: "rejected"; readonly error: ClientError<"rejected"> };

export function requestStatus({ tree }: Certificate, requestId: Uint8Array, method: string): RequestStatus {
	const at = (name: string) => lookup(tree, ["request_status", requestId, name]);
	const status = at("status");
	switch (status && text(status)) {
		case undefined:
			return { kind: "unknown" };
		case "replied": {
			const reply = at("reply");
			if (!reply) throw invalid("it says replied and shows no reply");
			return { kind: "replied", reply };
		}
		case "rejected": {
			const errorCode = at("error_code");
			const error = new ClientError("rejected", {
				rejectCode: Number(lebDecode(at("reject_code") ?? new Uint8Array(0)) ?? 0n),
				rejectMessage: text(at("reject_message") ?? new Uint8Array(0)),
				errorCode: errorCode && text(errorCode),
				isCertified: true,
				method,
			});
			return { kind: "rejected", error };
		}
		case "done":
			return { kind: "done" };
		default:
			return { kind: "processing" };
	}
}
