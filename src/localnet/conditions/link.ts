/** Applies conditions to requests: latency, loss, refusals, and the number of concurrent calls. */
import { endpointOf } from "../http/endpoint.js";
import { BUSY, textReply } from "../http/replies.js";
import type { Middleware, WireReply } from "../http/wire.js";
import type { Settings } from "./conditions.js";
import type { Random } from "./random.js";
import type { Timers } from "./timers.js";

export function createLink(settings: () => Settings, random: Random, timers: Timers): Middleware {
	const refusals = new Refusals(settings, random);
	let calls = 0;
	const happens = (probability: number) => probability > 0 && random() < probability;
	const travel = async () => {
		const [least, most] = settings().latencyMs;
		if (most > 0) await timers.sleep(least + random() * (most - least));
	};

	return async (request, next) => {
		const kind = endpointOf(request.url)?.kind;
		const arrive = async (): Promise<WireReply> => {
			const refusal = refusals.for(kind);
			if (refusal) return refusal;
			if (kind !== "call") return next(request);
			if (calls >= settings().callsAtOnce) return textReply(429, BUSY[429]);
			calls++;
			try {
				return await next(request);
			} finally {
				calls--;
			}
		};
		await travel();
		if (happens(settings().requestLoss)) return "drop";
		const reply = await arrive();
		if (happens(settings().replyLoss)) return "drop";
		await travel();
		return reply;
	};
}

/** Decides which requests are refused. */
class Refusals {
	/** Requests counted so far, for each refusal with `every`. */
	#counts = new WeakMap<object, number>();

	constructor(
		readonly settings: () => Settings,
		readonly random: Random,
	) {}

	for(kind: "call" | "query" | "read_state" | undefined): WireReply | undefined {
		let reply: WireReply | undefined;
		for (const refusal of this.settings().refusals) {
			if (refusal.kinds && !(kind && refusal.kinds.includes(kind))) continue;
			if (!this.#hits(refusal) || reply) continue;
			const busy = textReply(refusal.status, BUSY[refusal.status]);
			const { retryAfterSeconds } = refusal;
			const headers = retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) };
			reply = { ...busy, headers: { ...busy.headers, ...headers } };
		}
		return reply;
	}

	#hits(refusal: { readonly probability?: number; readonly every?: number }): boolean {
		if (refusal.every === undefined) return this.random() < refusal.probability!;
		const count = (this.#counts.get(refusal) ?? 0) + 1;
		this.#counts.set(refusal, count);
		return count % refusal.every === 0;
	}
}
