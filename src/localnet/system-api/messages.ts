/** Canister interface, "Method arguments", "Responding" and "Ingress message inspection". */
import { contractViolation, payloadTooLarge, RejectCode, reject, wasmTrap } from "../execution/rejects.js";
import { SIZES } from "../limits.js";
import type { Host, SystemCalls } from "./host.js";

const NOTHING = new Uint8Array(0);

export function messageCalls(host: Host): SystemCalls {
	const mustBeUnanswered = () => {
		if (!host.message.mayRespond) throw contractViolation("The call is already replied");
	};
	return {
		...host.blob("msg_arg_data", () => host.message.input.arg ?? NOTHING),
		...host.blob("msg_caller", () => host.message.input.caller),
		...host.blob("msg_caller_info_data", () => NOTHING),
		...host.blob("msg_caller_info_signer", () => NOTHING),
		msg_reject_code: () => host.message.input.rejected?.code ?? 0,
		...host.blob("msg_reject_msg", () => {
			const rejected = host.message.input.rejected;
			if (!rejected) throw contractViolation("there is no reject message");
			return Buffer.from(rejected.message, "utf8");
		}),
		msg_deadline: () => 0n,

		msg_reply_data_append(src: number, size: number) {
			mustBeUnanswered();
			const { message } = host;
			const limit = message.mode === "NRQ" ? SIZES.queryReplyBytes : SIZES.replicatedReplyBytes;
			const total = message.replyBytes + size;
			if (total > limit) throw payloadTooLarge("msg_reply_data_append", total, limit);
			message.reply.push(Buffer.from(host.bytes("msg_reply_data_append", src, size)));
			message.replyBytes = total;
		},
		msg_reply() {
			mustBeUnanswered();
			const { reply } = host.message;
			const bytes = reply.length === 1 ? reply[0]! : Buffer.concat(reply);
			host.message.response = { kind: "reply", bytes };
		},
		msg_reject(src: number, size: number) {
			mustBeUnanswered();
			const bytes = host.bytes("msg_reject", src, size);
			const message = decode(bytes);
			if (message === undefined)
				throw contractViolation("ic0.msg_reject: the reject message is not valid UTF-8");
			host.message.response = {
				kind: "reject",
				reject: reject(RejectCode.CanisterReject, "IC0406", message),
			};
		},

		...host.blob("msg_method_name", () => Buffer.from(host.message.input.methodName ?? "", "utf8")),
		accept_message() {
			if (host.message.accepted)
				throw contractViolation("The function accept_message has already been called.");
			host.message.accepted = true;
		},
	};
}

function decode(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return undefined;
	}
}

/** A 64-bit call on a number that needs 128. */
export function fitting(cycles: bigint): bigint {
	if (cycles >= 2n ** 64n) throw wasmTrap("cycles amount too big to fit in 64 bits");
	return cycles;
}
