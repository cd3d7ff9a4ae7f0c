/** HTTPS interface, "Request: Call" and "Request: Asynchronous Call"; "Effective canister id". */
import { equal, hex, principalText, utf8 } from "../encoding/bytes.js";
import { inspect } from "../execution/query.js";
import type { Reject } from "../execution/rejects.js";
import type { Ingress } from "../execution/subnet.js";
import { authenticate } from "../ingress/authentication.js";
import { type CallContent, callContent, type Envelope } from "../ingress/envelope.js";
import { SIZES } from "../limits.js";
import { inspectManagement } from "../management/inspect.js";
import type { Api, Target } from "./api.js";
import { BUSY, cborBytes, cborReply, HttpError, tooLarge } from "./replies.js";
import type { WireReply } from "./wire.js";

const TIMED_OUT = "Message did not complete execution and certification within the replica defined timeout.";

export async function handleCall(
	api: Api,
	target: Target,
	envelope: Envelope,
	bodyBytes: number,
): Promise<WireReply> {
	const size = bodyBytes + SIZES.ingressMessageOverheadBytes;
	if (size > SIZES.ingressMessageBytes) throw tooLarge();
	const content = callContent(envelope);
	checkEffectiveCanister(target, content.canister);
	authenticate(envelope, "call", content.canister, api);

	const id = hex(envelope.requestId);
	const { subnet } = api;
	if (!subnet.history.get(id)) {
		const ingress: Ingress = {
			...content,
			id: envelope.requestId,
			sender: envelope.sender,
			effectiveCanister: target.id,
			expiry: envelope.expiry,
			bytes: size,
		};
		const refusal =
			content.canister.length === 0 ? inspectManagement(subnet, ingress) : inspect(subnet, ingress);
		if (refusal) return refusalReply(refusal, target.version);
		if (!subnet.pool.hasRoomFor(size)) throw new HttpError(503, BUSY[503]);
		subnet.submit(ingress);
		api.rounds.wake();
	}
	if (target.version === 2) return cborBytes(202, new Uint8Array(0));
	return synchronously(api, target, id, envelope.requestId);
}

/** Waits for the certified response, at most 10 s; then the client must poll. */
async function synchronously(
	api: Api,
	target: Target,
	id: string,
	requestId: Uint8Array,
): Promise<WireReply> {
	const { subnet, options } = api;
	const timedOut = cborBytes(202, utf8(TIMED_OUT));
	if (!subnet.history.get(id)?.isCertified) {
		const started = performance.now();
		let timer: NodeJS.Timeout | undefined;
		const timeout = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, options.syncCallTimeoutMs);
		});
		await Promise.race([subnet.whenFinished(id), timeout]);
		clearTimeout(timer);
		// The timer may fire late: a block may run longer than the timeout.
		if (performance.now() - started >= options.syncCallTimeoutMs) return timedOut;
	}
	const certificate = subnet.certificate(
		[[utf8("request_status"), requestId], [utf8("time")]],
		target.version === 3 ? "flat" : "tree",
		target.id,
	);
	return cborReply(200, { status: "replied", certificate });
}

export function refusalReply({ code, message, errorCode }: Reject, version: number): WireReply {
	return cborReply(200, {
		...(version !== 2 && { status: "non_replicated_rejection" }),
		error_code: errorCode,
		reject_code: code,
		reject_message: message,
	});
}

export function checkEffectiveCanister(target: Target, canister: CallContent["canister"]): void {
	if (canister.length > 0 && !equal(canister, target.id)) {
		throw new HttpError(
			400,
			`Specified canister ID ${principalText(canister)} does not match effective canister ID in URL ${target.text}`,
		);
	}
}
