import { Principal } from "../../protocol/index.js";
import { messageOf, replyInvalid } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { fromHex, hex } from "../util/bytes.js";
import { BLS, keyIn } from "../verification/der.js";
import { MAINNET_ROOT_KEY } from "../verification/root-key.js";
import {
	type AgentLike,
	ANONYMOUS,
	checkRootKey,
	clockOffsetMs,
	configOf,
	type IdentityLike,
	isAnonymous,
	principalOf,
	unusable,
} from "./agent.js";
import { decodeAnswer } from "./answer.js";
import { addressed } from "./endpoints.js";
import { exchange } from "./http.js";

interface NetworkOptions {
	readonly localNetwork: boolean;
	readonly identity?: IdentityLike | undefined;
	/** How long the root key may take. */
	readonly timeoutMs: number;
	readonly ports: Pick<Ports, "now">;
}

/** What a client takes from the agent it was given (`checkAgent` has passed it). */
export class Network {
	readonly host: URL;
	readonly fetch: typeof fetch;
	/** False where the agent was given a fetch of its own. */
	readonly isPlatformFetch: boolean;
	readonly #agent: AgentLike;
	readonly #identity: IdentityLike | undefined;
	readonly #local: boolean;
	readonly #timeoutMs: number;
	readonly #ports: NetworkOptions["ports"];
	#fetched: Promise<Uint8Array> | undefined;

	constructor(agent: AgentLike, { localNetwork, identity, timeoutMs, ports }: NetworkOptions) {
		const config = configOf(agent);
		this.#agent = agent;
		this.#identity = identity;
		this.#local = localNetwork;
		this.#timeoutMs = timeoutMs;
		this.#ports = ports;
		this.host = agent.host!;
		this.fetch = config.fetch ?? globalThis.fetch.bind(globalThis);
		this.isPlatformFetch = config.fetch === undefined;
	}

	/** Headers and options that the agent would send along. */
	requestInit(kind: "call" | "read"): RequestInit & { readonly headers: Readonly<Record<string, string>> } {
		const { callOptions, fetchOptions } = configOf(this.#agent);
		return {
			...(kind === "call" ? callOptions : fetchOptions),
			method: "POST",
			headers: { "Content-Type": "application/cbor", ...this.#authorization },
		};
	}

	get #authorization(): Record<string, string> {
		const { credentials } = configOf(this.#agent);
		if (!credentials) return {};
		const { name, password } = credentials;
		return { Authorization: `Basic ${btoa(`${name}${password ? `:${password}` : ""}`)}` };
	}

	/** How far the network's clock is ahead of ours, as far as the agent knows. */
	get clockOffsetMs(): number {
		return clockOffsetMs(this.#agent);
	}

	/**
	 * The network's root key. Fetched only for a network that the user named local, and there also where the agent
	 * holds the mainnet's, its default: no local network has that key.
	 */
	async rootKey(): Promise<Uint8Array> {
		const known = this.#agent.rootKey;
		if (known && !(this.#local && hex(known) === MAINNET_ROOT_KEY))
			return checkRootKey(known, keyIn(known, BLS) !== undefined);
		if (!this.#local) return fromHex(MAINNET_ROOT_KEY);
		this.#fetched ??= this.#fetchRootKey().catch((error) => {
			this.#fetched = undefined;
			throw error;
		});
		return this.#fetched;
	}

	/** By the client's own reader: an agent reads whatever comes, for as long as it comes. */
	async #fetchRootKey(): Promise<Uint8Array> {
		const url = new URL("api/v2/status", addressed(this.host));
		const init = { ...configOf(this.#agent).fetchOptions, headers: this.#authorization };
		const { body } = await exchange(this.fetch, url, init, {
			timeoutMs: this.#timeoutMs,
			ports: this.#ports,
		});
		const { root_key: key } = decodeAnswer(body, "status");
		if (key instanceof Uint8Array && keyIn(key, BLS)) return key.slice();
		throw replyInvalid("status", "it shows no root key");
	}

	/** Whom the agent acts for. */
	async principal(): Promise<Principal> {
		const identity = await this.identity();
		return Principal.fromUint8Array(principalOf(identity));
	}

	/**
	 * The identity that signs. An agent keeps the one it uses to itself and shows only the one it was made with:
	 * if these differ (replaceIdentity), nothing is signed with the wrong one.
	 */
	async identity(): Promise<IdentityLike> {
		if (this.#identity) return this.#identity;
		const agent = this.#agent;
		const [principal, made] = await (async () =>
			[await agent.getPrincipal(), await configOf(agent).identity] as const)().catch((error) => {
			throw unusable(`the agent has lost its identity (${messageOf(error)})`, error);
		});
		const wanted = principalOf({ getPrincipal: () => principal });
		if (made && hex(principalOf(made)) === hex(wanted)) return made;
		if (!made && isAnonymous(wanted)) return ANONYMOUS;
		throw unusable(
			`the agent acts as ${Principal.fromUint8Array(wanted).toText()}, which is not the identity it was made with; after replaceIdentity give the client the same identity as its option`,
		);
	}
}
