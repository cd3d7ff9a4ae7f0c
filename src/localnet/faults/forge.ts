/** Responses that a verifier must reject: modified, with another root key, or with another time. */
import { STATE_ROOT } from "../certification/certificate.js";
import { NodeKey, type SubnetKey } from "../certification/keys.js";
import { reconstruct } from "../certification/reconstruct.js";
import { subnetKey } from "../certification/topology.js";
import { leb128, unleb128 } from "../encoding/bytes.js";
import { type CborValue, decodeCbor } from "../encoding/cbor-decode.js";
import { type Encodable, encodeCbor } from "../encoding/cbor-encode.js";
import type { Hashable } from "../encoding/hash-of-map.js";
import type { Api } from "../http/api.js";
import { signedBytes } from "../http/query.js";
import type { WireReply, WireRequest } from "../http/wire.js";
import { envelopeOf } from "../ingress/envelope.js";

export type Forgery = "byte" | "key" | { readonly clockMinutes: number };

const MINUTE_NS = 60_000_000_000n;

type Fields = Map<string, CborValue>;

export class Forger {
	readonly #api: Api;
	#otherRoot: SubnetKey | undefined;
	#otherNode: NodeKey | undefined;

	constructor(api: Api) {
		this.#api = api;
	}

	/** Forges a response, which must have a certificate or a node's signature. */
	forge(request: WireRequest, reply: WireReply, forgery: Forgery): WireReply {
		const answer = reply.status === 200 ? (decodeCbor(reply.body) as Fields) : new Map();
		const certificate = answer.get("certificate");
		if (certificate instanceof Uint8Array) {
			answer.set("certificate", this.#certificate(certificate, forgery));
		} else if (answer.has("signatures")) {
			this.#signatures(answer, envelopeOf(request.body).requestId, forgery);
		} else {
			throw new Error(`an answer ${reply.status} without certificate or signature cannot be forged`);
		}
		return { ...reply, body: encodeCbor(answer as unknown as Encodable) };
	}

	#certificate(bytes: Uint8Array, forgery: Forgery): Uint8Array {
		const { topology, options } = this.#api;
		const certificate = decodeCbor(Uint8Array.from(bytes)) as Fields;
		const tree = certificate.get("tree")!;
		if (forgery === "byte") {
			flipLast(contents(tree).reduce((a, b) => (b.length > a.length ? b : a)));
		} else if (forgery === "key") {
			this.#otherRoot ??= subnetKey(options.signatures, options.seed, "another root subnet");
			const delegation = certificate.get("delegation") as Fields;
			const inner = decodeCbor(delegation.get("certificate") as Uint8Array) as Fields;
			sign(inner, this.#otherRoot);
			delegation.set("certificate", encode(inner));
		} else {
			const time = leafAt(tree, "time");
			time[1] = leb128(unleb128(time[1] as Uint8Array) + minutes(forgery));
			const delegation = certificate.get("delegation") as Fields;
			sign(certificate, topology.subnetOf(delegation.get("subnet_id") as Uint8Array));
		}
		return encode(certificate);
	}

	#signatures(answer: Fields, requestId: Uint8Array, forgery: Forgery): void {
		const [signature] = answer.get("signatures") as [Fields];
		if (forgery === "byte") {
			const argument = (answer.get("reply") as Fields | undefined)?.get("arg") as Uint8Array | undefined;
			flipLast(argument?.length ? argument : (signature.get("signature") as Uint8Array));
			return;
		}
		const { topology, options } = this.#api;
		if (forgery === "key") this.#otherNode ??= new NodeKey(options.seed, "another node");
		else signature.set("timestamp", (signature.get("timestamp") as bigint) + minutes(forgery));
		const signer = forgery === "key" ? this.#otherNode! : topology.node;
		const { signatures: _, ...signed } = Object.fromEntries(answer) as Record<string, Hashable>;
		const message = signedBytes(signed, signature.get("timestamp") as bigint, requestId);
		signature.set("signature", signer.sign(message));
	}
}

const minutes = ({ clockMinutes }: { readonly clockMinutes: number }) =>
	BigInt(Math.round(clockMinutes * 60)) * (MINUTE_NS / 60n);

const encode = (fields: Fields) => encodeCbor(fields as unknown as Encodable);

function sign(certificate: Fields, key: SubnetKey): void {
	const root = reconstruct(certificate.get("tree")!);
	certificate.set("signature", key.sign(Buffer.concat([STATE_ROOT, root])));
}

function flipLast(bytes: Uint8Array): void {
	bytes[bytes.length - 1]! ^= 1;
}

/** The values of all leaves of a pruned tree. */
function leaves(tree: CborValue): Uint8Array[] {
	const [kind, first, second] = tree as [bigint, CborValue, CborValue];
	if (kind === 1n) return [...leaves(first), ...leaves(second)];
	if (kind === 2n) return leaves(second);
	return kind === 3n ? [first as Uint8Array] : [];
}

/** The leaves with content. Changing the time leaf would test the check of time instead of the signature. */
function contents(tree: CborValue): Uint8Array[] {
	const time = find(tree, "time")?.[1];
	const others = leaves(tree).filter((leaf) => leaf !== time);
	return others.length > 0 ? others : [time as Uint8Array];
}

/** The leaf under a top-level label of a pruned tree; its value is at [1]. */
function leafAt(tree: CborValue, label: string): CborValue[] {
	const found = find(tree, label);
	if (!found) throw new Error(`the certificate does not show /${label}`);
	return found;
}

function find(tree: CborValue, label: string): CborValue[] | undefined {
	const [kind, first, second] = tree as [bigint, CborValue, CborValue];
	if (kind === 1n) return find(first, label) ?? find(second, label);
	const isIt = kind === 2n && Buffer.from(first as Uint8Array).toString("utf8") === label;
	return isIt ? (second as CborValue[]) : undefined;
}
