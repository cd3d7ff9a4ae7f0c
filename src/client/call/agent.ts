import { Principal } from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { ClientError, messageOf } from "../errors/errors.js";

/** A principal of any package that can return its text. */
export interface PrincipalTextLike {
	/** Groups of five characters, with dashes between. */
	toText(): string;
}

/** A principal of any package that can return its bytes. */
export interface PrincipalBytesLike {
	/** Up to 29 bytes. */
	toUint8Array(): Uint8Array;
}

/** A public key that can return its bytes. */
export interface PublicKeyLike {
	/** The key in DER. */
	toDer(): Uint8Array;
}

/** An identity that signs bytes with a key. */
export interface SigningIdentity {
	/** The principal of the identity. */
	getPrincipal(): PrincipalBytesLike;
	/** The public key of its signatures. */
	getPublicKey(): PublicKeyLike;
	/** Signs bytes. */
	sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** An identity that turns an agent's request into a signed request. */
export interface TransformingIdentity {
	/** The principal of the identity. */
	getPrincipal(): PrincipalBytesLike;
	/** Signs a request of an agent. */
	transformRequest(request: never): Promise<unknown>;
}

/**
 * The part of an identity that the client uses, by shape: @dfinity/agent and @icp-sdk/core each have their own classes.
 */
export type IdentityLike = SigningIdentity | TransformingIdentity;

/**
 * The part of an HttpAgent that the client uses, by shape: @dfinity/agent and @icp-sdk/core each have their own
 * classes.
 */
export interface AgentLike {
	/** The network's public key in DER; null or undefined until it is known. */
	readonly rootKey?: Uint8Array | null;
	/** Base URL of the network's API. */
	readonly host?: URL;
	/** The options that the agent was made with, such as identity and fetch. */
	readonly config?: object;
	/** The principal of the agent's identity. */
	getPrincipal(): Promise<PrincipalBytesLike & PrincipalTextLike>;
	/** Milliseconds by which the network's clock is ahead of the local one. */
	getTimeDiffMsecs?(): number;
}

/** The options of an agent. */
export interface AgentConfig {
	fetch?: typeof fetch;
	fetchOptions?: RequestInit;
	callOptions?: RequestInit;
	identity?: IdentityLike | Promise<IdentityLike>;
	credentials?: { name: string; password?: string };
}

export const configOf = (agent: AgentLike): AgentConfig => (agent.config ?? {}) as AgentConfig;

/** Hosts of the mainnet. Its root key is known; fetching the key would trust whatever server responds. */
const MAINNET_HOSTS = /(^|\.)(icp-api\.io|icp0\.io|ic0\.app|internetcomputer\.org)$/;

/**
 * @throws ClientError `option_invalid` for an agent without a host or with an invalid root key, and for the mainnet as
 * a local network
 */
export function checkAgent({ host, rootKey }: AgentLike, localNetwork: boolean): void {
	if (!host?.hostname)
		throw invalidOption("agent", "it has no host: give an HttpAgent of @dfinity/agent 3 or @icp-sdk/core");
	if (rootKey) checkRootKey(rootKey, rootKey.length === ROOT_KEY_BYTES);
	if (localNetwork && MAINNET_HOSTS.test(host.hostname))
		throw invalidOption("localNetwork", `${host.hostname} is the mainnet, whose root key is never fetched`);
}

const ROOT_KEY_BYTES = 133;

/** @throws ClientError `option_invalid` for an invalid key */
export function checkRootKey(key: Uint8Array, isKey: boolean): Uint8Array {
	if (isKey) return key;
	throw invalidOption("agent.rootKey", `it must be a BLS key in DER, which has ${ROOT_KEY_BYTES} bytes`);
}

export const unusable = (reason: string, cause?: unknown) =>
	new ClientError("identity_unusable", { reason }, cause);

/** The principal of an identity. @throws ClientError `identity_unusable` */
export function principalOf(identity: Pick<IdentityLike, "getPrincipal">): Uint8Array {
	try {
		const bytes = identity.getPrincipal().toUint8Array();
		if (ArrayBuffer.isView(bytes)) return bytes;
		throw new TypeError("it has no bytes");
	} catch (error) {
		throw unusable(`its principal cannot be read (${messageOf(error)})`, error);
	}
}

/** Milliseconds by which the network's clock is ahead of the local one, as far as the agent knows. */
export const clockOffsetMs = (agent: AgentLike): number => agent.getTimeDiffMsecs?.() ?? 0;

/** Whether a principal is the anonymous one: the single byte 4 (interface specification, "Principals"). */
export const isAnonymous = (principal: Uint8Array): boolean => principal.length === 1 && principal[0] === 4;

/** The anonymous identity. */
export const ANONYMOUS: IdentityLike = {
	getPrincipal: () => Principal.anonymous(),
	transformRequest: async (request: { body?: unknown }) => ({ ...request, body: { content: request.body } }),
};
