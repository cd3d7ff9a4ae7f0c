/** Hand-made requests that no agent would send. */
import { Cbor, hashOfMap, type SignIdentity } from "@dfinity/agent";

export interface RawRequest {
	readonly content: Record<string, unknown>;
	readonly identity?: SignIdentity;
	/** Merged over what signing makes. */
	readonly envelope?: Record<string, unknown>;
}

const SECOND_NS = 1_000_000_000n;

/** Nanoseconds since 1970, so many seconds from now. */
export const inSeconds = (seconds: number) =>
	(BigInt(Date.now()) + BigInt(seconds * 1_000)) * (SECOND_NS / 1_000n);

export async function encode({ content, identity, envelope = {} }: RawRequest): Promise<Uint8Array> {
	const full = {
		sender: identity ? identity.getPrincipal().toUint8Array() : Uint8Array.of(4),
		ingress_expiry: inSeconds(200),
		...content,
	};
	if (!identity) return Cbor.encode({ content: full, ...envelope });
	const signed = Buffer.concat([Buffer.from("\x0Aic-request"), hashOfMap(full)]);
	return Cbor.encode({
		content: full,
		sender_pubkey: new Uint8Array(identity.getPublicKey().toDer()),
		sender_sig: new Uint8Array(await identity.sign(signed)),
		...envelope,
	});
}

export interface RawAnswer {
	readonly status: number;
	readonly headers: Headers;
	/** Decoded, where it is CBOR. */
	readonly body: unknown;
	readonly text: string;
}

export async function post(url: string, path: string, body: Uint8Array): Promise<RawAnswer> {
	const response = await fetch(`${url}${path}`, { method: "POST", body: body as BodyInit });
	const bytes = new Uint8Array(await response.arrayBuffer());
	const isCbor = bytes.length > 0 && bytes[0] === 0xd9;
	return {
		status: response.status,
		headers: response.headers,
		body: isCbor ? Cbor.decode(bytes) : undefined,
		text: Buffer.from(bytes).toString("utf8"),
	};
}
