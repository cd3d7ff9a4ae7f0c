import type { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { domainSeparator } from "../../../src/localnet/encoding/bytes.js";
import { decodeCbor } from "../../../src/localnet/encoding/cbor-decode.js";
import { encodeCbor } from "../../../src/localnet/encoding/cbor-encode.js";
import { hashOfMap } from "../../../src/localnet/encoding/hash-of-map.js";
import type { Handler } from "../../../src/localnet/index.js";
import type { MethodArgs, MethodName } from "../../../src/protocol/index.js";
import { type PlainOk, type PlainResult, plainResult } from "../../support/plain.js";
import { replyOf } from "../../support/reply.js";
import { argument } from "../../support/send.js";

/**
 * Queries of somebody's that go to the network behind its socket: what a case left is asked for several times, and an
 * agent with its line takes longer for that than the canister does.
 */

const REQUEST = domainSeparator("ic-request");
const EXPIRY_NS = 240_000_000_000n;

/** Where they go. */
export interface Place {
	readonly canisterId: Principal;
	readonly handler: Handler;
	readonly clock: () => bigint;
}

export async function query<Name extends MethodName>(
	{ canisterId, handler, clock }: Place,
	identity: Ed25519KeyIdentity,
	name: Name,
	...args: MethodArgs<Name>
): Promise<PlainResult<PlainOk<Name>>> {
	const content = {
		request_type: "query",
		canister_id: canisterId.toUint8Array(),
		method_name: name,
		arg: argument(name, ...args),
		sender: identity.getPrincipal().toUint8Array(),
		ingress_expiry: clock() + EXPIRY_NS,
	};
	const sender_sig = await identity.sign(Buffer.concat([REQUEST, hashOfMap(content)]));
	const body = encodeCbor({ content, sender_pubkey: identity.getPublicKey().toDer(), sender_sig });
	const url = `/api/v3/canister/${canisterId.toText()}/query`;
	const reply = await handler({ method: "POST", url, headers: {}, body });
	const answer = decodeCbor(reply.body);
	const replied = answer instanceof Map ? answer.get("reply") : undefined;
	const arg = replied instanceof Map ? replied.get("arg") : undefined;
	if (!(arg instanceof Uint8Array)) throw new Error(`${name} was not answered: ${JSON.stringify(answer)}`);
	return plainResult(name, replyOf(name).decode(arg));
}
