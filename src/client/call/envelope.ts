import { encodeWithSelfDescribedTag } from "@dfinity/cbor";
import { MAX_INGRESS_BYTES } from "../../protocol/index.js";
import { ClientError, isBlobError, messageOf } from "../errors/errors.js";
import type { Sha256 } from "../platform/ports.js";
import { concat } from "../util/bytes.js";
import { prepend } from "../util/room.js";
import { isPrincipal, REQUEST_DOMAIN, type RequestMap, requestIdOf } from "../verification/request-id.js";
import type { IdentityLike, SigningIdentity, TransformingIdentity } from "./agent.js";

/** What a subnet adds to an envelope before it compares with the limit (limits of one ingress message). */
const ADDED_BYTES = 32;

/** A signed request, ready to be sent, as often as needed until it expires. */
export interface SignedRequest {
	readonly requestId: Uint8Array;
	readonly body: Uint8Array;
}

/** The kinds of request, by the names that an agent's `endpoint` has. */
export type RequestKind = "call" | "read" | "read_state";

/** An identity that signs bytes, and one that does so through a chain of delegations. */
interface SignerLike extends SigningIdentity {
	getDelegation?(): DelegationChainLike;
}
interface DelegationChainLike {
	readonly publicKey: Uint8Array;
	readonly delegations: readonly { readonly delegation: { readonly expiration: bigint } }[];
}

const isSigner = (identity: IdentityLike): identity is SignerLike =>
	"sign" in identity && typeof identity.sign === "function" && "getPublicKey" in identity;

function checkNotExpired(chain: DelegationChainLike, nowMs: number): void {
	const expiries = chain.delegations.map(({ delegation }) => Number(delegation.expiration / 1_000_000n));
	const first = Math.min(...expiries);
	if (first <= nowMs) throw new ClientError("identity_expired", { expiredAt: new Date(first) });
}

interface Envelope {
	readonly content: RequestMap;
	readonly [field: string]: unknown;
}

const EMPTY = new Uint8Array(0);

/** What an identity of either agent may have put in: principals, delegations. */
const encodeCbor = (envelope: Envelope): Uint8Array =>
	encodeWithSelfDescribedTag(envelope, (value: unknown) => {
		if (typeof value !== "object" || value === null) return value;
		if (isPrincipal(value)) return value.toUint8Array();
		return "toCborValue" in value && typeof value.toCborValue === "function" ? value.toCborValue() : value;
	});

/**
 * CBOR of an envelope by the encoder that the agents use, with the self-described tag. Its buffers grow with the largest
 * message and stay; so the argument, a chunk of 2 MiB, is put last and goes in behind what the encoder made of an empty
 * one, of which the last byte is the length.
 */
function encodeEnvelope({ content, ...rest }: Envelope): Uint8Array {
	const { arg, ...fields } = content;
	if (!(arg instanceof Uint8Array)) return encodeCbor({ ...rest, content });
	const head = encodeCbor({ ...rest, content: { ...fields, arg: EMPTY } });
	return prepend(concat(head.subarray(0, -1), byteStringHeader(arg.length)), arg);
}

/** Major type 2 with a length of four bytes (RFC 8949, 3.1). */
function byteStringHeader(length: number): Uint8Array {
	const header = new Uint8Array(5);
	header[0] = 0x5a;
	new DataView(header.buffer).setUint32(1, length);
	return header;
}

async function authenticate(
	identity: IdentityLike,
	kind: RequestKind,
	content: RequestMap,
	sha256: Sha256,
	nowMs: number,
): Promise<{ requestId: Uint8Array; envelope: Envelope }> {
	if (!isSigner(identity)) {
		// It signs in a way of its own (anonymous, or attributes added to the content): what it made is what counts.
		const transformed = (await (identity as TransformingIdentity).transformRequest({
			endpoint: kind,
			request: {},
			body: content,
		} as never)) as {
			body: Envelope;
		};
		return { requestId: await requestIdOf(transformed.body.content, sha256), envelope: transformed.body };
	}
	const chain = identity.getDelegation?.();
	if (chain) checkNotExpired(chain, nowMs);
	const requestId = await requestIdOf(content, sha256);
	const signature = await identity.sign(concat(REQUEST_DOMAIN, requestId));
	return {
		requestId,
		envelope: {
			content,
			sender_pubkey: chain?.publicKey ?? identity.getPublicKey().toDer(),
			...(chain && { sender_delegation: chain.delegations }),
			sender_sig: signature,
		},
	};
}

/**
 * Signs a request and encodes its envelope.
 * @throws ClientError `message_too_large` before anything is sent, `identity_expired`, `identity_unusable`.
 */
export async function signRequest(
	identity: IdentityLike,
	kind: RequestKind,
	content: RequestMap,
	sha256: Sha256,
	nowMs: number,
): Promise<SignedRequest> {
	const { requestId, envelope } = await authenticate(identity, kind, content, sha256, nowMs).catch(
		(error) => {
			if (isBlobError(error)) throw error;
			const reason = `it did not sign (${messageOf(error)})`;
			throw new ClientError("identity_unusable", { reason }, error);
		},
	);
	const body = encodeEnvelope(envelope);
	const bytes = body.length + ADDED_BYTES;
	if (kind === "call" && bytes > MAX_INGRESS_BYTES) {
		throw new ClientError("message_too_large", {
			bytes,
			limit: MAX_INGRESS_BYTES,
			over: bytes - MAX_INGRESS_BYTES,
		});
	}
	return { requestId, body };
}
