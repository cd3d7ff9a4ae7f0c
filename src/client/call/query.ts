import { replyInvalid } from "../errors/errors.js";
import { raceAbort } from "../util/abort.js";
import { NodeSignatures } from "../verification/node-signatures.js";
import { decodeAnswer, rejection } from "./answer.js";
import { type RetryPolicy, retry } from "./retry.js";
import type { Transport } from "./transport.js";
import type { CallOptions } from "./update.js";

export interface QueryOptions extends CallOptions {
	/**
	 * True if the answer is checked against a hash that is already trusted, or bound by a verified call that follows.
	 * Then the node's signature would add nothing, and to check it costs a pairing now and then for the nodes' keys.
	 */
	readonly isBound: boolean;
	/** Whether an error may pass; by default as `passing` says. */
	readonly retryable?: (error: unknown) => boolean;
}

/** Queries: the word of one node, signed by it where nothing else binds the answer. */
export class Queries {
	readonly #transport: Transport;
	readonly #policy: RetryPolicy;
	readonly #signatures: NodeSignatures;

	constructor(transport: Transport, policy: RetryPolicy) {
		this.#transport = transport;
		this.#policy = policy;
		this.#signatures = new NodeSignatures(transport);
	}

	/** Calls `method` once and answers its reply. */
	async once(
		method: string,
		arg: Uint8Array,
		{ isBound, signal, beforeSending, onSent }: Omit<QueryOptions, "retryable">,
		attempt = 1,
	): Promise<Uint8Array> {
		if (!isBound) this.#signatures.prepare();
		const canisterId = this.#transport.canisterId.toUint8Array();
		const signed = await this.#transport.sign("read", { canister_id: canisterId, method_name: method, arg });
		beforeSending?.();
		const sent = this.#transport.send("read", signed, signal, attempt);
		onSent?.();
		const { body } = await sent;
		const answer = decodeAnswer(body, method);
		if (!isBound) await raceAbort(this.#signatures.verify(answer, signed.requestId), signal);
		return replyOf(answer, method);
	}

	/** Does `attempt` under the client's policy of retries. */
	retry<T>(attempt: (number: number) => Promise<T>, options: QueryOptions): Promise<T> {
		const { signal, retryable, onRetry } = options;
		const { ports, throttle, patience } = this.#transport;
		return retry(attempt, {
			policy: this.#policy,
			ports,
			throttle,
			patience,
			signal,
			onRetry,
			...(retryable && { retryable }),
		});
	}
}

function replyOf(map: Record<string, unknown>, method: string): Uint8Array {
	if (map.status === "rejected") throw rejection(map, method);
	const reply = map.reply as { arg?: unknown } | undefined;
	if (map.status === "replied" && reply?.arg instanceof Uint8Array) return reply.arg;
	throw replyInvalid(method, "a query's answer is neither a reply nor a rejection");
}
