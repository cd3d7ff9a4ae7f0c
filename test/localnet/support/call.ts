/** Calls and queries through @dfinity/agent, everything verified, with replies as bytes. */
import { Certificate, type HttpAgent, lookupResultToBuffer, polling } from "@dfinity/agent";
import type { Principal } from "@dfinity/principal";

export class Rejected extends Error {
	constructor(
		readonly code: number,
		readonly errorCode: string,
		message: string,
	) {
		super(message);
	}
}

export async function callCanister(
	agent: HttpAgent,
	canister: Principal,
	methodName: string,
	arg: Uint8Array = new Uint8Array(0),
	effectiveCanisterId: Principal = canister,
): Promise<Uint8Array> {
	const { requestId, response } = await agent.call(canister, { methodName, arg, effectiveCanisterId });
	const body = response.body as Record<string, unknown> | null;
	if (body && "reject_code" in body) {
		throw new Rejected(Number(body.reject_code), String(body.error_code), String(body.reject_message));
	}
	if (!body) {
		const { reply } = await polling.pollForResponse(agent, effectiveCanisterId, requestId);
		return reply;
	}
	const certificate = await Certificate.create({
		certificate: body.certificate as Uint8Array,
		rootKey: agent.rootKey!,
		canisterId: effectiveCanisterId,
	});
	const field = (name: string) =>
		lookupResultToBuffer(certificate.lookup_path(["request_status", requestId, name]));
	const text = (name: string) => new TextDecoder().decode(field(name));
	if (text("status") === "replied") return field("reply")!;
	throw new Rejected(field("reject_code")![0]!, text("error_code"), text("reject_message"));
}

export async function queryCanister(
	agent: HttpAgent,
	canister: Principal,
	methodName: string,
	arg: Uint8Array = new Uint8Array(0),
): Promise<Uint8Array> {
	const answer = await agent.query(canister, { methodName, arg });
	if (answer.status === "rejected") {
		throw new Rejected(answer.reject_code, answer.error_code ?? "", answer.reject_message);
	}
	return answer.reply.arg;
}
