/**
 * HTTP gateway: the sites of canisters, `<canister>.localhost:<port>`, as the boundary of mainnet serves them
 * (dfinity/ic-gateway, crate ic-http-gateway): it verifies a response of `http_request`, and passes on certified
 * headers only.
 */
import type { Topology } from "../certification/topology.js";
import type { Handler, WireReply, WireRequest } from "../http/wire.js";
import { type CanisterRequest, type CanisterResponse, SiteCanister, Unanswered } from "./canister.js";
import { type Site, siteOf } from "./host.js";
import { contentRangeOf, joined } from "./parts.js";
import { NotVerified, verified } from "./verification.js";

const CORS = {
	"access-control-allow-origin": "*",
	"access-control-expose-headers": "accept-ranges,content-length,content-range,x-request-id,x-ic-canister-id",
};
const PREFLIGHT = {
	"access-control-allow-methods": "HEAD, GET, POST, PUT, DELETE, PATCH",
	"access-control-allow-headers":
		"user-agent, dnt, if-none-match, if-modified-since, cache-control, content-type, range, cookie, x-requested-with, x-ic-canister-id",
	"access-control-max-age": "7200",
};

/** Headers that do not concern the canister, or that the server sets. */
const NOT_PASSED_IN = new Set(["x-request-id", "connection", "transfer-encoding", "upgrade"]);
const NOT_PASSED_OUT = new Set(["content-length", "transfer-encoding", "connection"]);

export class Gateway {
	readonly #topology: Topology;
	readonly #network: Handler;
	readonly #clock: () => bigint;

	/** @param network the network's interface behind faults and conditions */
	constructor(topology: Topology, network: Handler, clock: () => bigint) {
		this.#topology = topology;
		this.#network = network;
		this.#clock = clock;
	}

	/** Undefined if the request is for the network itself. */
	async answer(request: WireRequest): Promise<WireReply | undefined> {
		const site = siteOf(request);
		if (site === undefined) return undefined;
		const reply = await this.#answer(site, request).catch(errorPage);
		return { ...reply, headers: { ...CORS, "x-ic-canister-id": site.text, ...reply.headers } };
	}

	async #answer(site: Site, wire: WireRequest): Promise<WireReply> {
		const canister = new SiteCanister(site.canister, site.text, this.#network, this.#clock);
		const request = requestOf(wire);
		if (wire.method === "OPTIONS") return this.#preflight(site, canister, request);
		const ask = async (asked: CanisterRequest): Promise<CanisterResponse> => {
			const response = await canister.query(asked);
			if (response.upgrade[0] === true) return response;
			return verified(this.#topology, site, this.#clock(), asked, response);
		};
		let first = await ask(request);
		// The subnet certifies the reply of an update.
		if (first.upgrade[0] === true) first = await canister.update(request);
		const range = first.status_code === 206 && !isRanged(wire) ? contentRangeOf(first.headers) : undefined;
		if (range === undefined) return replyOf(first);
		return {
			status: 200,
			headers: headersOf(first, new Set(["content-range"])),
			body: new Uint8Array(0),
			stream: { length: range.total, pieces: joined(request, first, range, ask) },
		};
	}

	/** The canister's own response, if it has one; else the gateway's. */
	async #preflight(site: Site, canister: SiteCanister, request: CanisterRequest): Promise<WireReply> {
		const none = { status: 204, headers: PREFLIGHT, body: new Uint8Array(0) };
		try {
			const asked = await canister.query(request);
			const response = await verified(this.#topology, site, this.#clock(), request, asked);
			const isAnswer = response.headers.some(
				([name]) => name.toLowerCase() === "access-control-allow-methods",
			);
			return response.status_code < 300 && isAnswer ? replyOf(response) : none;
		} catch {
			return none;
		}
	}
}

const isRanged = ({ headers }: WireRequest): boolean =>
	headers.range !== undefined || headers["if-range"] !== undefined;

function requestOf({ method, url, headers, body }: WireRequest): CanisterRequest {
	const passed: [string, string][] = [];
	for (const [name, value] of Object.entries(headers)) {
		if (value === undefined || NOT_PASSED_IN.has(name)) continue;
		for (const one of Array.isArray(value) ? value : [value]) passed.push([name, one]);
	}
	const encodings = passed.find(([name]) => name === "accept-encoding");
	if (encodings === undefined) passed.push(["accept-encoding", "identity"]);
	else if (!encodings[1].includes("identity")) encodings[1] += ", identity";
	return { method, url, headers: passed, body };
}

const replyOf = (response: CanisterResponse): WireReply => ({
	status: response.status_code,
	headers: headersOf(response),
	body: response.body,
});

function headersOf(
	{ headers }: CanisterResponse,
	without: ReadonlySet<string> = new Set(),
): Record<string, string> {
	const passed: Record<string, string> = {};
	for (const [name, value] of headers) {
		const lower = name.toLowerCase();
		if (!NOT_PASSED_OUT.has(lower) && !without.has(lower)) passed[lower] = value;
	}
	return passed;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function errorPage(error: unknown): WireReply {
	const [status, title] =
		error instanceof NotVerified
			? [503, "Response verification error"]
			: error instanceof Unanswered
				? [error.status, error.status === 404 ? "Canister not found" : "The canister did not answer"]
				: [500, "The gateway failed"];
	const text = escaped((error as Error).message);
	return {
		status,
		headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
		body: Buffer.from(
			`<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text}</p>\n`,
		),
	};
}
