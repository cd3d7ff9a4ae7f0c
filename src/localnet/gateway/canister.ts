/** HTTP gateway: calls a canister's `http_request` and `http_request_update` as an agent would. */
import { IDL } from "@dfinity/candid";
import { ANONYMOUS, equal, utf8 } from "../encoding/bytes.js";
import { type CborValue, decodeCbor } from "../encoding/cbor-decode.js";
import { encodeCbor } from "../encoding/cbor-encode.js";
import { hashOfMap } from "../encoding/hash-of-map.js";
import type { Handler, WireReply } from "../http/wire.js";

const Header = IDL.Tuple(IDL.Text, IDL.Text);
const Request = IDL.Record({
	method: IDL.Text,
	url: IDL.Text,
	headers: IDL.Vec(Header),
	body: IDL.Vec(IDL.Nat8),
	certificate_version: IDL.Opt(IDL.Nat16),
});
const Response = IDL.Record({
	status_code: IDL.Nat16,
	headers: IDL.Vec(Header),
	body: IDL.Vec(IDL.Nat8),
	upgrade: IDL.Opt(IDL.Bool),
});

export type Headers = readonly (readonly [name: string, value: string])[];

export interface CanisterRequest {
	readonly method: string;
	readonly url: string;
	readonly headers: Headers;
	readonly body: Uint8Array;
}

export interface CanisterResponse {
	readonly status_code: number;
	readonly headers: [string, string][];
	readonly body: Uint8Array;
	readonly upgrade: [] | [boolean];
}

/** The network gave no reply: a reject, or an HTTP error of its interface. */
export class Unanswered extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

const DESTINATION_INVALID = 3n;
const LIFE_NS = 240_000_000_000n;

/** The canister of a site, called through the network's interface, so that faults and conditions apply. */
export class SiteCanister {
	readonly #canister: Uint8Array;
	readonly #text: string;
	readonly #network: Handler;
	readonly #clock: () => bigint;

	constructor(canister: Uint8Array, text: string, network: Handler, clock: () => bigint) {
		this.#canister = canister;
		this.#text = text;
		this.#network = network;
		this.#clock = clock;
	}

	/**
	 * Queries at v2, whose certificates have flat canister ranges: @dfinity/response-verification 3.0.3 reads no
	 * others.
	 */
	async query(request: CanisterRequest): Promise<CanisterResponse> {
		const { reply } = await this.#send(2, "query", "http_request", {
			...request,
			certificate_version: [2],
		});
		if (fieldOf(reply, "status") !== "replied") throw rejection(reply);
		return responseOf(fieldOf(fieldOf(reply, "reply"), "arg") as Uint8Array);
	}

	/** Calls by an update, whose reply the subnet certifies. */
	async update(request: CanisterRequest): Promise<CanisterResponse> {
		const { id, reply } = await this.#send(3, "call", "http_request_update", {
			...request,
			certificate_version: [],
		});
		const certificate = fieldOf(reply, "certificate");
		if (!(certificate instanceof Uint8Array)) throw rejection(reply);
		const tree = fieldOf(decodeCbor(certificate), "tree");
		const status = find(tree, [utf8("request_status"), id]);
		const arg = find(status, [utf8("reply")]);
		if (arg === undefined) throw new Unanswered(502, "The canister rejected the update.");
		return responseOf(leafOf(arg));
	}

	async #send(
		version: number,
		type: "query" | "call",
		method: string,
		request: object,
	): Promise<{ id: Uint8Array; reply: CborValue }> {
		const content = {
			request_type: type,
			canister_id: this.#canister,
			method_name: method,
			arg: new Uint8Array(IDL.encode([Request], [request])),
			sender: ANONYMOUS,
			ingress_expiry: this.#clock() + LIFE_NS,
			nonce: utf8(String(Math.random())),
		};
		const answer: WireReply = await this.#network({
			method: "POST",
			url: `/api/v${version}/canister/${this.#text}/${type}`,
			headers: { "content-type": "application/cbor" },
			body: encodeCbor({ content }),
		});
		if (answer.status !== 200)
			throw new Unanswered(
				answer.status === 400 ? 404 : answer.status === 202 ? 504 : answer.status,
				Buffer.from(answer.body).toString("utf8"),
			);
		return { id: hashOfMap(content), reply: decodeCbor(answer.body) };
	}
}

function responseOf(arg: Uint8Array): CanisterResponse {
	try {
		// A copy: the library reads a view from the start of its buffer.
		return IDL.decode([Response], Uint8Array.from(arg))[0] as unknown as CanisterResponse;
	} catch (error) {
		throw new Unanswered(502, `What the canister answered is no HTTP response: ${(error as Error).message}`);
	}
}

function rejection(reply: CborValue): Unanswered {
	const text = String(fieldOf(reply, "reject_message"));
	return new Unanswered(fieldOf(reply, "reject_code") === DESTINATION_INVALID ? 404 : 502, text);
}

const fieldOf = (value: CborValue | undefined, name: string): CborValue | undefined =>
	value instanceof Map ? value.get(name) : undefined;

/** The value at a path of a hash tree in decoded CBOR. */
function find(tree: CborValue | undefined, [label, ...rest]: readonly Uint8Array[]): CborValue | undefined {
	if (label === undefined) return tree;
	if (!Array.isArray(tree)) return undefined;
	const [kind, first, second] = tree;
	if (kind === 1n) return find(first, [label, ...rest]) ?? find(second, [label, ...rest]);
	return kind === 2n && equal(first as Uint8Array, label) ? find(second, rest) : undefined;
}

const leafOf = (tree: CborValue): Uint8Array =>
	Array.isArray(tree) ? (tree[1] as Uint8Array) : new Uint8Array(0);
