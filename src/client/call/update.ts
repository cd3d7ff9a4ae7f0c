import type { WirePrincipal } from "../../protocol/index.js";
import { ClientError, isBlobError, isRefused } from "../errors/errors.js";
import { utf8 } from "../util/bytes.js";
import { stopwatch } from "../util/stopwatch.js";
import { type Certificate, decodeCertificate } from "../verification/certificate.js";
import { decodeAnswer, rejection } from "./answer.js";
import {
	isRetryable,
	isUnverified,
	type OnRetry,
	type Patience,
	type RetryPolicy,
	retry,
	retryAfterMs,
} from "./retry.js";
import { type RequestStatus, requestStatus } from "./status.js";
import { AGREEMENT, type Pending, type Transport } from "./transport.js";

export interface CallOptions {
	readonly signal?: AbortSignal | undefined;
	/** Called before each attempt after the first, with what failed and how long it waits. */
	readonly onRetry?: OnRetry | undefined;
	/** Called each time before the request is handed to the network; what it throws ends the call, with nothing sent. */
	readonly beforeSending?: (() => void) | undefined;
	/** Called each time the request has been handed to the network. */
	readonly onSent?: (() => void) | undefined;
}

export interface UpdateOptions extends CallOptions {
	/**
	 * Whether the reply's certificate is verified, at the price of a pairing (50 ms of CPU). Without, whoever answers
	 * is believed: only for what a later, verified call binds.
	 */
	readonly verify: boolean;
	/** What the subnet has just said that the caller may do, where that is nothing: then no other node lets it in. */
	readonly rights?: { readonly who: WirePrincipal; readonly roles: readonly string[] } | undefined;
	/** Less patience with some errors than the policy has. */
	readonly patience?: ((error: unknown) => Patience | undefined) | undefined;
}

/** Less life than this and a request is signed anew instead of sent again. */
const MIN_LIFE_MS = 60_000;
/** The subnet's clock may run this much behind ours before a request's fate is settled. */
const GRACE_MS = 30_000;
/** A call that no block has taken up for this long is sent again; blocks come about every second. */
const MAX_UNSEEN_MS = 20_000;
const FIRST_POLL_MS = 300;
const MAX_POLL_MS = 2_000;

/** Update calls: sent, answered by certificate, asked after where the answer was lost. */
export class Updates {
	readonly #transport: Transport;
	readonly #policy: RetryPolicy;

	constructor(transport: Transport, policy: RetryPolicy) {
		this.#transport = transport;
		this.#policy = policy;
	}

	/**
	 * Calls `method` and answers its reply. Whatever may pass is tried again, with the very same signed message as
	 * long as it lives: the network executes it at most once, so a lost reply costs no second execution.
	 * @param read what a reply says; throws what the canister answered instead of a result
	 */
	async call<T = Uint8Array>(
		method: string,
		arg: Uint8Array,
		options: UpdateOptions,
		read: (reply: Uint8Array) => T = (reply) => reply as T,
	): Promise<T> {
		const { ports, throttle, patience } = this.#transport;
		let pending: Pending | undefined;
		let isUnknown = false;
		const attempt = async (number: number) => {
			if (pending && !isUnknown && !this.#hasLife(pending)) pending = undefined;
			if (pending && isUnknown) {
				const status = await this.#read(pending, method, options);
				if (status.kind !== "unknown") return this.#settle(pending, status, method, options);
				if (!this.#hasLife(pending)) pending = undefined;
			}
			pending ??= await this.#sign(method, arg);
			isUnknown = true;
			const status = await this.#submit(pending, method, options, number);
			return this.#settle(pending, status, method, options);
		};
		return retry(
			(number) =>
				attempt(number)
					.then(read)
					.catch((error) => {
						isUnknown = leavesUnknown(error);
						// What was decided about this message will not be decided otherwise.
						if (isDecided(error)) pending = undefined;
						throw error;
					}),
			{
				policy: this.#policy,
				ports,
				throttle,
				patience: (error) => options.patience?.(error) ?? patience(error),
				signal: options.signal,
				onRetry: options.onRetry,
			},
		);
	}

	#hasLife(pending: Pending): boolean {
		return pending.lifeLeftMs() >= MIN_LIFE_MS;
	}

	#sign(method: string, arg: Uint8Array): Promise<Pending> {
		const canisterId = this.#transport.canisterId.toUint8Array();
		return this.#transport.sign("call", { canister_id: canisterId, method_name: method, arg });
	}

	async #submit(
		pending: Pending,
		method: string,
		options: UpdateOptions,
		attempt: number,
	): Promise<RequestStatus> {
		options.beforeSending?.();
		const sent = this.#transport.send("call", pending, options.signal, attempt);
		options.onSent?.();
		const { status, body } = await sent;
		// 202: taken, and not executed in the time that the endpoint waits.
		if (status === 202 || body.length === 0) return { kind: "processing" };
		const map = decodeAnswer(body, method);
		if (!(map.certificate instanceof Uint8Array)) return { kind: "rejected", error: rejection(map, method) };
		return this.#statusIn(decodeCertificate(map.certificate), pending, method, options.verify);
	}

	async #statusIn(
		certificate: Certificate,
		pending: Pending,
		method: string,
		verify: boolean,
	): Promise<RequestStatus> {
		if (verify) await this.#transport.verify(certificate);
		return requestStatus(certificate, pending.requestId, method);
	}

	/** Asks the network what it knows about a request. */
	async #read(pending: Pending, method: string, options: UpdateOptions): Promise<RequestStatus> {
		const paths = [[utf8("request_status"), pending.requestId]];
		const certificate = await this.#transport.readState(paths, method, options.signal);
		return this.#statusIn(certificate, pending, method, options.verify);
	}

	/** Waits for a request's end, which comes by its expiry at the latest. */
	async #settle(
		pending: Pending,
		first: RequestStatus,
		method: string,
		options: UpdateOptions,
	): Promise<Uint8Array> {
		const { ports } = this.#transport;
		const elapsed = stopwatch(ports);
		let status = first;
		let waitMs = FIRST_POLL_MS;
		let askedMs = 0;
		for (;;) {
			if (status.kind === "replied") return status.reply;
			if (status.kind === "rejected") throw status.error;
			const waitedMs = elapsed();
			const isOver = status.kind === "done" || pending.lifeLeftMs() < -GRACE_MS;
			if (isOver) throw new ClientError("timeout", { waitedMs, waitedFor: ANSWER });
			// Taken by a node and never seen by the subnet: it was dropped, and may be sent again.
			if (status.kind === "unknown" && waitedMs > MAX_UNSEEN_MS && this.#hasLife(pending))
				throw new ClientError("timeout", { waitedMs, waitedFor: "trace of the call" });
			await ports.sleep(Math.max(waitMs, Math.min(askedMs, this.#policy.deadlineMs)), options.signal);
			waitMs = Math.min(MAX_POLL_MS, waitMs * 1.4);
			askedMs = 0;
			try {
				status = await this.#read(pending, method, options);
			} catch (error) {
				// To ask in vain changes nothing about the request: ask again, until it has expired.
				if (!isRetryable(error)) throw error;
				askedMs = retryAfterMs(error);
			}
		}
	}
}

const ANSWER = "certified answer to the call";

const isTimeout = (error: unknown, waitedFor: string): boolean =>
	isBlobError(error, "timeout") && error.details.waitedFor === waitedFor;

/**
 * A message that was refused, or whose time is over or was never right, or whose answer the network has dropped: it
 * can only be made anew.
 */
const isDecided = (error: unknown): boolean =>
	isBlobError(error, "rejected") ||
	isRefused(error) ||
	isTimeout(error, ANSWER) ||
	isTimeout(error, AGREEMENT);

/** SYS_UNKNOWN of the interface specification, which says just that. */
const UNKNOWN_OUTCOME = 6;

/** Whether a call that failed with this may have been executed all the same. */
export function leavesUnknown(error: unknown): boolean {
	if (isBlobError(error, "http")) return error.details.status >= 500 && error.details.status !== 503;
	if (isBlobError(error, "rejected")) return error.details.rejectCode === UNKNOWN_OUTCOME;
	if (isBlobError(error, "timeout")) return !isTimeout(error, AGREEMENT);
	// With it the answer may have been asked for, not the call made.
	if (isBlobError(error, "identity_expired")) return true;
	return isUnverified(error) || isBlobError(error, "network");
}
