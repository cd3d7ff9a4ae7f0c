import { ClientError, type PrincipalBytesLike, type TransformingIdentity } from "../client/index.js";
import { concat, hex } from "../client/util/bytes.js";
import { REQUEST_DOMAIN, type RequestMap, requestIdOf } from "../client/verification/request-id.js";
import { selfAuthenticating } from "../client/verification/self-authenticating.js";
import { sha256 } from "./delegate.js";
import type { SentChain } from "./messages.js";

const NANOS_PER_MS = 1_000_000n;
/** A chain that ends sooner is renewed before use. */
const RENEWED_MS = 60_000;
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

/** Asks the page for a chain to a key in DER. @returns null without a user; undefined if the page does not answer */
export type AskForChain = (publicKey: Uint8Array) => Promise<SentChain | null | undefined>;

const endMs = ({ delegations }: SentChain): number =>
	Math.min(...delegations.map(({ delegation }) => Number(delegation.expiration / NANOS_PER_MS)));

/**
 * Signs with a key that cannot leave the worker, for the user that a page has delegated, as long as the page exists.
 */
export class DelegatedIdentity implements TransformingIdentity {
	readonly #key: CryptoKey;
	readonly #publicKey: Uint8Array;
	readonly #ask: AskForChain;
	#chain: SentChain;
	#renewing: Promise<SentChain> | undefined;

	private constructor(key: CryptoKey, publicKey: Uint8Array, ask: AskForChain, chain: SentChain) {
		this.#key = key;
		this.#publicKey = publicKey;
		this.#ask = ask;
		this.#chain = chain;
	}

	/** Null if no user is signed in on the page; undefined if the page does not answer. */
	static async of(ask: AskForChain): Promise<DelegatedIdentity | null | undefined> {
		const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
		const der = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
		const chain = await ask(der);
		return chain ? new DelegatedIdentity(privateKey, der, ask, chain) : chain;
	}

	getPrincipal(): PrincipalBytesLike {
		return selfAuthenticating(this.#chain.publicKey);
	}

	async transformRequest(request: { body: RequestMap }): Promise<unknown> {
		const chain = await this.#current();
		const content = request.body;
		const signed = concat(REQUEST_DOMAIN, await requestIdOf(content, sha256));
		const signature = await crypto.subtle.sign(SIGNING, this.#key, signed as Uint8Array<ArrayBuffer>);
		return {
			...request,
			body: {
				content,
				sender_pubkey: chain.publicKey,
				sender_delegation: chain.delegations,
				sender_sig: new Uint8Array(signature),
			},
		};
	}

	async #current(): Promise<SentChain> {
		if (endMs(this.#chain) - Date.now() > RENEWED_MS) return this.#chain;
		this.#renewing ??= this.#renew().finally(() => {
			this.#renewing = undefined;
		});
		return this.#renewing;
	}

	async #renew(): Promise<SentChain> {
		const chain = await this.#ask(this.#publicKey);
		if (!chain || hex(chain.publicKey) !== hex(this.#chain.publicKey)) {
			const reason = "the page does not let the worker read for the same user any longer";
			throw new ClientError("identity_unusable", { reason });
		}
		this.#chain = chain;
		return chain;
	}
}
