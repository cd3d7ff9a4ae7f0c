/** Logs every request, and applies the faults of the rules. */
import type { Timers } from "../conditions/timers.js";
import { hex } from "../encoding/bytes.js";
import type { Api } from "../http/api.js";
import { refusalReply } from "../http/call.js";
import { queryReply } from "../http/query.js";
import { cborBytes, textReply } from "../http/replies.js";
import type { Handler, Middleware, WireReply, WireRequest } from "../http/wire.js";
import { envelopeOf } from "../ingress/envelope.js";
import { rejection, statusReply } from "./answers.js";
import type { FaultName, FaultShape, RejectFault } from "./fault.js";
import type { Faults } from "./faults.js";
import { Forger } from "./forge.js";
import type { LoggedRequest, RequestLog } from "./request-log.js";

type Answer = WireReply | "drop";
type Next = (request: WireRequest) => Promise<Answer>;

/** How often a held request checks the network's clock, which a test may move. */
const CLOCK_POLL_MS = 1_000;

/** Logged for an error that the server answers, such as a fault that does not fit its request. */
const FAILED = textReply(500, "");

export class FaultLayer {
	readonly #api: Api;
	readonly #timers: Timers;
	readonly #faults: Faults;
	readonly #log: RequestLog;
	readonly #forger: Forger;

	constructor(api: Api, timers: Timers, faults: Faults, log: RequestLog) {
		this.#api = api;
		this.#timers = timers;
		this.#faults = faults;
		this.#log = log;
		this.#forger = new Forger(api);
	}

	/** Wraps another middleware: a request that is lost or held here has not reached it yet. */
	around(inner: Middleware): Middleware {
		return async (request, handler) => {
			const seen = this.#log.add(request);
			seen.fault = this.#faults.choose(seen);
			const next: Next = (each) => inner(each, handler);
			let answer: Answer = FAILED;
			try {
				answer =
					seen.fault === undefined
						? await next(request)
						: await this.#suffer(seen.fault, seen, request, next, handler);
				return answer;
			} finally {
				this.#log.finish(seen, answer);
			}
		};
	}

	async #suffer(
		fault: FaultName | FaultShape,
		seen: LoggedRequest,
		request: WireRequest,
		next: Next,
		handler: Handler,
	): Promise<Answer> {
		if (fault === "expired") await held(seen, this.#pastExpiry(request));
		if (typeof fault === "string") return this.#named(fault, request, next);
		if ("status" in fault) return statusReply(fault);
		if ("reject" in fault) return this.#reject(fault, seen, request, next);
		if ("clockMinutes" in fault) {
			return changed(await next(request), (reply) => this.#forger.forge(request, reply, fault));
		}
		if ("delayMs" in fault) await held(seen, this.#timers.sleep(fault.delayMs));
		if ("holdRequests" in fault) await held(seen, this.#log.afterLater(seen, fault.holdRequests));
		if ("duplicateAfter" in fault) {
			const answer = await next(request);
			const again = this.#log.afterLater(seen, fault.duplicateAfter).then(() => handler(request));
			// The copy's response is dropped. With 0 the client gets its own once the copy was handled.
			if (fault.duplicateAfter === 0) await again;
			return answer;
		}
		return next(request);
	}

	async #named(fault: FaultName, request: WireRequest, next: Next): Promise<Answer> {
		const change = async (change: (reply: WireReply) => WireReply) => changed(await next(request), change);
		switch (fault) {
			case "lost":
				return "drop";
			case "reply-lost":
				await next(request);
				return "drop";
			case "body-broken":
				return change((reply) => ({ ...reply, breakAfter: reply.body.length >> 1 }));
			case "accepted":
				return change(() => cborBytes(202, new Uint8Array(0)));
			case "duplicate":
				await next(request);
				return next(request);
			case "expired":
				return next(request);
			case "cbor-cut":
				return change((reply) => ({ ...reply, body: reply.body.subarray(0, reply.body.length >> 1) }));
			case "content-type":
				return change((reply) => ({ ...reply, headers: { ...reply.headers, "content-type": "text/html" } }));
			case "certificate-byte":
				return change((reply) => this.#forger.forge(request, reply, "byte"));
			case "certificate-key":
				return change((reply) => this.#forger.forge(request, reply, "key"));
		}
	}

	/** Resolves when the network's clock has passed the request's expiry. */
	async #pastExpiry(request: WireRequest): Promise<void> {
		const { expiry } = envelopeOf(request.body);
		while (this.#api.options.clock() <= expiry) await this.#timers.sleep(CLOCK_POLL_MS);
	}

	async #reject(fault: RejectFault, seen: LoggedRequest, request: WireRequest, next: Next): Promise<Answer> {
		const { requestId } = envelopeOf(request.body);
		const refusal = rejection(fault);
		if (seen.kind === "query") return queryReply(this.#api, requestId, { kind: "reject", reject: refusal });
		if (seen.kind !== "call") throw new Error(`a ${seen.kind} cannot be rejected: only a call or a query`);
		if (fault.isCertified === false) return refusalReply(refusal, seen.version);
		this.#api.subnet.rejectInstead.set(hex(requestId), refusal);
		return next(request);
	}
}

async function held(seen: LoggedRequest, until: Promise<void>): Promise<void> {
	seen.isHeld = true;
	await until;
	seen.isHeld = false;
}

function changed(answer: Answer, change: (reply: WireReply) => WireReply): Answer {
	return answer === "drop" ? answer : change(answer);
}
