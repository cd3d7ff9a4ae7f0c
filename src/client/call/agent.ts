import { Principal } from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { ClientError, messageOf } from "../errors/errors.js";

/** A principal of any package, as far as its text is asked for. */
export interface PrincipalTextLike {
	/** Groups of five characters, with dashes between. */
	toText(): string;
}

/** A principal of any package, as far as its bytes are asked for. */
export interface PrincipalBytesLike {
	/** Up to 29 bytes. */
	toUint8Array(): Uint8Array;
}

/** A public key, as far as its bytes are asked for. */
export interface PublicKeyLike {
	/** In DER. */
	toDer(): Uint8Array;
}

/** An identity that signs bytes, as that of a key does. */
export interface SigningIdentity {
	/** Whom it stands for. */
	getPrincipal(): PrincipalBytesLike;
	/** The key that its signatures are verified by. */
	getPublicKey(): PublicKeyLike;
	/** The signature of these bytes. */
	sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** An identity that makes a signed request out of an agent's request. */
export interface TransformingIdentity {
	/** Whom it stands for. */
	getPrincipal(): PrincipalBytesLike;
	/** Signs a request of an agent. */
	transformRequest(request: never): Promise<unknown>;
}

/** The part of an identity that is used, by shape: @dfinity/agent and @icp-sdk/core each bring classes of their own. */
export type IdentityLike = SigningIdentity | TransformingIdentity;

/** The part of an HttpAgent that is used, by shape: one of @dfinity/agent or of @icp-sdk/core. */
export interface AgentLike {
	/** The network's public key in DER; null or undefined until it is known. */
	readonly rootKey?: Uint8Array | null;
	/** Where the network answers. */
	readonly host?: URL;
	/** What the agent was made with: identity, fetch and its options. */
	readonly config?: object;
	/** Whom it acts for. */
	getPrincipal(): Promise<PrincipalBytesLike & PrincipalTextLike>;
	/** Milliseconds that the network's clock is ahead. */
	getTimeDiffMsecs?(): number;
}

/** What an agent was made with. */
export interface AgentConfig {
	fetch?: typeof fetch;
	fetchOptions?: RequestInit;
	callOptions?: RequestInit;
	identity?: IdentityLike | Promise<IdentityLike>;
	credentials?: { name: string; password?: string };
}

export const configOf = (agent: AgentLike): AgentConfig => (agent.config ?? {}) as AgentConfig;

/** Hosts of the mainnet: there the root key is known and asking for it would be asking whoever answers. */
const MAINNET_HOSTS = /(^|\.)(icp-api\.io|icp0\.io|ic0\.app|internetcomputer\.org)$/;

/**
 * @throws ClientError `option_invalid` for an agent without a host or with a root key that is none, and for the mainnet
 * as a local network
 */
export function checkAgent({ host, rootKey }: AgentLike, localNetwork: boolean): void {
	if (!host?.hostname)
		throw invalidOption("agent", "it has no host: give an HttpAgent of @dfinity/agent 3 or @icp-sdk/core");
	if (rootKey) checkRootKey(rootKey, rootKey.length === ROOT_KEY_BYTES);
	if (localNetwork && MAINNET_HOSTS.test(host.hostname))
		throw invalidOption("localNetwork", `${host.hostname} is the mainnet, whose root key is never fetched`);
}

const ROOT_KEY_BYTES = 133;

/** @throws ClientError `option_invalid` for a key that is none */
export function checkRootKey(key: Uint8Array, isKey: boolean): Uint8Array {
	if (isKey) return key;
	throw invalidOption("agent.rootKey", `it must be a BLS key in DER, which has ${ROOT_KEY_BYTES} bytes`);
}

export const unusable = (reason: string, cause?: unknown) =>
	new ClientError("identity_unusable", { reason }, cause);

/** Whom an identity stands for. @throws ClientError `identity_unusable` */
export function principalOf(identity: Pick<IdentityLike, "getPrincipal">): Uint8Array {
	try {
		const bytes = identity.getPrincipal().toUint8Array();
		if (ArrayBuffer.isView(bytes)) return bytes;
		throw new TypeError("it has no bytes");
	} catch (error) {
		throw unusable(`its principal cannot be read (${messageOf(error)})`, error);
	}
}

/** Milliseconds that the network's clock is ahead of ours, as far as the agent knows. */
export const clockOffsetMs = (agent: AgentLike): number => agent.getTimeDiffMsecs?.() ?? 0;

/** Whether a principal is the anonymous one: the single byte 4 (interface specification, "Principals"). */
export const isAnonymous = (principal: Uint8Array): boolean => principal.length === 1 && principal[0] === 4;

/** Nobody. */
export const ANONYMOUS: IdentityLike = {
	getPrincipal: () => Principal.anonymous(),
	transformRequest: async (request: { body?: unknown }) => ({ ...request, body: { content: request.body } }),
};
