import { ClientError } from "../errors.js";
import { raceAbort } from "../util/abort.js";
import { fromAgent } from "./agent-error.js";
import { type RetryPolicy, retry } from "./retry.js";
import { rejection, type Transport } from "./transport.js";
import type { CallOptions } from "./update.js";

export interface QueryOptions extends CallOptions {
	/**
	 * True if the answer is checked against a hash that is already trusted, or bound by a verified call that follows.
	 * Then the node's signature would add nothing, and to check it an agent hashes the whole answer in JavaScript
	 * (40 ms for a chunk), after two pairings on the thread of the page for the keys of the subnet's nodes.
	 */
	readonly isBound: boolean;
	/** Whether an error may pass; by default as `passing` says. */
	readonly retryable?: (error: unknown) => boolean;
}

/** Queries: by our own path where the answer is bound by a hash, else through the agent and its check. */
export class Queries {
	readonly #transport: Transport;
	readonly #policy: RetryPolicy;

	constructor(transport: Transport, policy: RetryPolicy) {
		this.#transport = transport;
		this.#policy = policy;
	}

	/** Calls `method` once (the agent may try more often by itself) and answers its reply. */
	once(method: string, arg: Uint8Array, options: QueryOptions): Promise<Uint8Array> {
		return options.isBound ? this.#own(method, arg, options) : this.#throughAgent(method, arg, options);
	}

	/** Does `attempt` under the client's policy of retries. */
	retry<T>(attempt: () => Promise<T>, options: QueryOptions): Promise<T> {
		const { signal, retryable, onRetry } = options;
		return retry(attempt, {
			policy: this.#policy,
			ports: this.#transport.ports,
			signal,
			onRetry,
			...(retryable && { retryable }),
		});
	}

	async #own(method: string, arg: Uint8Array, options: QueryOptions): Promise<Uint8Array> {
		const canisterId = this.#transport.canisterId.toUint8Array();
		const signed = await this.#transport.sign("read", { canister_id: canisterId, method_name: method, arg });
		const { body } = await this.#transport.send("read", signed, options.signal);
		return replyOf(this.#transport.decode(body, method), method);
	}

	async #throughAgent(method: string, arg: Uint8Array, options: QueryOptions): Promise<Uint8Array> {
		const { network, canisterId } = this.#transport;
		try {
			// On a local network the agent may not have the root key yet, by which it checks the nodes' keys.
			await network.prepareAgent();
			const answer = network.agent.query(canisterId as never, { methodName: method, arg });
			const timely = this.#inTime(answer, options.signal);
			return replyOf((await timely) as Record<string, unknown>, method);
		} catch (error) {
			throw await this.#transport.agreeOnTime(fromAgent(error, network.host.origin, method));
		}
	}

	/** The agent sets no bound to how long an exchange takes, and asks again by itself within it. */
	async #inTime<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
		const { timeoutMs: waitedMs } = this.#transport;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(
				() => reject(new ClientError("timeout", { waitedMs, waitedFor: "answer to the query" })),
				waitedMs,
			);
		});
		try {
			return await raceAbort(Promise.race([answer, late]), signal);
		} finally {
			clearTimeout(timer);
		}
	}
}

function replyOf(map: Record<string, unknown>, method: string): Uint8Array {
	if (map.status === "rejected") throw rejection(map, method);
	const reply = map.reply as { arg?: unknown } | undefined;
	if (map.status === "replied" && reply?.arg instanceof Uint8Array) return reply.arg;
	throw new ClientError("reply_invalid", {
		method,
		reason: "a query's answer is neither a reply nor a rejection",
	});
}
