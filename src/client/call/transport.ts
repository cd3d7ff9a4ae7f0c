import type { WirePrincipal } from "../../protocol/index.js";
import { ClientError, isBlobError, replyInvalid, toBlobError } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { raceAbort } from "../util/abort.js";
import { hex, utf8 } from "../util/bytes.js";
import { stopwatch } from "../util/stopwatch.js";
import {
	type Certificate,
	CertificateVerifier,
	decodeCertificate,
	timeOf,
} from "../verification/certificate.js";
import type { RequestMap } from "../verification/request-id.js";
import { ANONYMOUS, type IdentityLike, principalOf } from "./agent.js";
import { decodeAnswer } from "./answer.js";
import { type EndpointName, Endpoints } from "./endpoints.js";
import { type RequestKind, type SignedRequest, signRequest } from "./envelope.js";
import { exchange, type HttpAnswer, isPage } from "./http.js";
import { identityExpired } from "./identity-expired.js";
import type { Network } from "./network.js";
import { NetworkTime } from "./network-time.js";
import type { RequestEvent } from "./request-event.js";
import { type Patience, SHORT_PATIENCE } from "./retry.js";
import type { Throttle } from "./throttle.js";

/** A signed request, and how much longer the network takes it. */
export interface Pending extends SignedRequest {
	/** What it asks, for those who are told of requests. */
	readonly method: string;
	/** Milliseconds, negative once it has expired. */
	readonly lifeLeftMs: () => number;
	/** How often the clock that its expiry is by had been set. */
	readonly clockSettings: number;
}

/** The network takes no request that expires later than 5 minutes ahead; clocks may differ by one. */
const LIFE_MS = 4 * 60_000;
const NONCE_BYTES = 16;
/** What the network refused was signed by a clock that is known to be wrong now. */
export const AGREEMENT = "agreement on the time";

const ENDPOINT: Record<RequestKind, EndpointName> = { call: "call", read: "query", read_state: "read_state" };
const REQUEST_TYPE: Record<RequestKind, string> = { call: "call", read: "query", read_state: "read_state" };

export interface TransportOptions {
	readonly canisterId: WirePrincipal;
	readonly ports: Ports;
	readonly timeoutMs: number;
	readonly throttle: Throttle;
	/** What is told of each request that has ended; undefined while nobody listens. @default nothing */
	readonly told?: () => ((request: RequestEvent) => void) | undefined;
}

/**
 * What every kind of request has in common: sender, expiry, signature, address, and verifying the certificate of its
 * answer.
 */
export class Transport {
	readonly network: Network;
	readonly canisterId: WirePrincipal;
	readonly ports: Ports;
	/** How long one exchange may take. */
	readonly timeoutMs: number;
	/** Holds requests back where the network asks for it. */
	readonly throttle: Throttle;
	readonly #told: NonNullable<TransportOptions["told"]>;
	readonly #endpoints: Endpoints;
	readonly #verifier = new CertificateVerifier();
	readonly #time: NetworkTime;

	constructor(
		network: Network,
		{ canisterId, ports, timeoutMs, throttle, told = () => undefined }: TransportOptions,
	) {
		this.network = network;
		this.canisterId = canisterId;
		this.ports = ports;
		this.timeoutMs = timeoutMs;
		this.throttle = throttle;
		this.#told = told;
		this.#endpoints = new Endpoints(network.host, canisterId.toText());
		this.#time = new NetworkTime({ ports, certifiedTime: () => this.#certifiedTime() });
	}

	/** The network's time, as far as we know. */
	nowMs(): number {
		return this.ports.now() + (this.#time.offsetMs ?? this.network.clockOffsetMs);
	}

	async sign(kind: RequestKind, fields: RequestMap, purpose?: string): Promise<Pending> {
		return this.#signAs(await this.network.identity(), kind, fields, purpose);
	}

	async #signAs(
		identity: IdentityLike,
		kind: RequestKind,
		fields: RequestMap,
		purpose?: string,
	): Promise<Pending> {
		const method = String(fields.method_name ?? purpose);
		const clockSettings = this.#time.settings;
		const nowMs = this.nowMs();
		const age = stopwatch(this.ports);
		const content = {
			request_type: REQUEST_TYPE[kind],
			...fields,
			sender: principalOf(identity),
			ingress_expiry: BigInt(Math.floor(nowMs + LIFE_MS)) * 1_000_000n,
			...(kind === "call" && { nonce: this.ports.randomBytes(NONCE_BYTES) }),
		};
		const signed = await signRequest(identity, kind, content, this.ports.sha256, nowMs);
		return { ...signed, method, lifeLeftMs: () => LIFE_MS - age(), clockSettings };
	}

	/** Little patience with a host that has never answered, and is not merely out of reach. */
	readonly patience = (error: unknown): Patience | undefined => {
		const isRefusal =
			(isBlobError(error, "network") && error.details.status === undefined && this.ports.isOnline()) ||
			(isBlobError(error, "http") && isPage(error.details.body));
		return isRefusal && !this.#endpoints.haveWorked ? SHORT_PATIENCE : undefined;
	};

	/** @throws ClientError `network`, `timeout`, `aborted`, `http`, `reply_invalid` */
	async send(kind: RequestKind, pending: Pending, signal?: AbortSignal, attempt = 1): Promise<HttpAnswer> {
		try {
			return await this.#post(kind, pending, attempt, signal);
		} catch (error) {
			throw identityExpired(error) ?? (await this.#agreeOnTime(error, pending, signal));
		}
	}

	async #post(
		kind: RequestKind,
		pending: Pending,
		attempt: number,
		signal?: AbortSignal,
	): Promise<HttpAnswer> {
		const told = this.#told();
		const sent = this.#exchange(kind, pending, signal);
		if (!told) return sent;
		const elapsed = stopwatch(this.ports);
		const about = {
			id: hex(pending.requestId),
			kind: ENDPOINT[kind],
			method: pending.method,
			attempt,
			host: this.network.host.host,
			sentBytes: pending.body.length,
		};
		try {
			const { status, body } = await sent;
			told({ ...about, receivedBytes: body.length, status, ms: elapsed(), error: undefined });
		} catch (error) {
			const status = isBlobError(error, "http") ? error.details.status : undefined;
			const { code } = toBlobError(error);
			told({ ...about, receivedBytes: undefined, status, ms: elapsed(), error: code });
		}
		return sent;
	}

	#exchange(kind: RequestKind, { body }: SignedRequest, signal?: AbortSignal): Promise<HttpAnswer> {
		const { network, ports } = this;
		const { headers, ...options } = network.requestInit(kind === "call" ? "call" : "read");
		// Anew for each version of the endpoint that is tried: a stream can be sent once.
		const initOf = (): RequestInit => {
			const made = ports.requestBody(body as Uint8Array<ArrayBuffer>, network.isPlatformFetch);
			return { ...options, ...made, headers: { ...headers, ...made.headers } };
		};
		return this.#endpoints.use(ENDPOINT[kind], (url) =>
			exchange(network.fetch, url, initOf(), { timeoutMs: this.timeoutMs, ports, signal }),
		);
	}

	/**
	 * Where a request was refused for its expiry, our clock is wrong: with the network's time the next attempt will be
	 * taken.
	 * @returns the error to throw
	 */
	async #agreeOnTime(error: unknown, { clockSettings }: Pending, signal?: AbortSignal): Promise<unknown> {
		const isClock = isBlobError(error, "http") && /request expiry/i.test(error.details.body);
		if (!isClock || !(await raceAbort(this.#time.refused(clockSettings), signal))) return error;
		return new ClientError("timeout", { waitedMs: 0, waitedFor: AGREEMENT }, error);
	}

	/** What time it is by a certificate, which may be old; asked for by nobody, whose requests cannot expire. */
	async #certifiedTime(): Promise<number> {
		const signed = await this.#signAs(ANONYMOUS, "read_state", { paths: [[utf8("time")]] }, "time");
		const { body } = await this.#post("read_state", signed, 1);
		const certificate = certificateIn(body, "network's time");
		const nowMs = timeOf(certificate.tree);
		await this.#verifyAt(certificate, nowMs);
		return nowMs;
	}

	/**
	 * Asks the network for a part of its state, for which `purpose` stands in errors.
	 * @returns its certificate, not verified
	 */
	async readState(
		paths: readonly Uint8Array[][],
		purpose: string,
		signal?: AbortSignal,
	): Promise<Certificate> {
		const signed = await this.sign("read_state", { paths: [...paths] }, purpose);
		const { body } = await this.send("read_state", signed, signal);
		return certificateIn(body, purpose);
	}

	/** @throws ClientError `certificate_invalid`, `certificate_stale` */
	verify(certificate: Certificate): Promise<void> {
		return this.#verifyAt(certificate, this.nowMs());
	}

	async #verifyAt(certificate: Certificate, nowMs: number): Promise<void> {
		await this.#verifier.verify(certificate, {
			rootKey: await this.network.rootKey(),
			canisterId: this.canisterId.toUint8Array(),
			nowMs,
			ports: this.ports,
		});
	}
}

/** @throws ClientError `reply_invalid`, `certificate_invalid` */
function certificateIn(body: Uint8Array, method: string): Certificate {
	const { certificate } = decodeAnswer(body, method);
	if (certificate instanceof Uint8Array) return decodeCertificate(certificate);
	throw replyInvalid(method, "the state came without a certificate");
}
