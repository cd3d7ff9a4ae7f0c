import { ClientError, type IdentityLike, type SigningIdentity } from "../client/index.js";
import { concat, utf8 } from "../client/util/bytes.js";
import { requestIdOf } from "../client/verification/request-id.js";
import type { SentChain, SentDelegation } from "./messages.js";

/** Domain separator of the signature (interface specification, "Authentication"): its length, and its name. */
const DELEGATION_DOMAIN = concat(Uint8Array.of(26), utf8("ic-request-auth-delegation"));
const NANOS = 1_000_000n;

/** An identity that signs bytes, possibly through its own delegations. */
interface SignerLike extends SigningIdentity {
	getDelegation?(): ChainLike;
}
interface ChainLike {
	readonly publicKey: Uint8Array;
	readonly delegations: readonly {
		readonly delegation: {
			readonly pubkey: Uint8Array;
			readonly expiration: bigint;
			readonly targets?: readonly { toUint8Array(): Uint8Array }[];
		};
		readonly signature: Uint8Array;
	}[];
}

const isSigner = (identity: IdentityLike): identity is SignerLike =>
	"sign" in identity && typeof identity.sign === "function" && "getPublicKey" in identity;

const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

export const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
	new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

/**
 * Lets another key sign for an identity, for some minutes and one canister. The identity never leaves the page.
 * @throws ClientError `identity_unusable` if the identity cannot sign bytes
 */
export async function delegate(
	identity: IdentityLike,
	publicKey: Uint8Array,
	{ canister, untilMs }: { canister: Uint8Array; untilMs: number },
): Promise<SentChain> {
	if (!isSigner(identity))
		throw new ClientError("identity_unusable", { reason: "it signs no bytes, so it cannot delegate" });
	const chain = identity.getDelegation?.();
	const before = (chain?.delegations ?? []).map(({ delegation, signature }): SentDelegation => {
		const { pubkey, expiration, targets } = delegation;
		const sent = { pubkey: plain(pubkey), expiration };
		return {
			delegation: targets ? { ...sent, targets: targets.map((each) => plain(each.toUint8Array())) } : sent,
			signature: plain(signature),
		};
	});
	const delegation = {
		pubkey: publicKey,
		expiration: BigInt(untilMs) * NANOS,
		targets: [canister],
	};
	const signature = plain(
		await identity.sign(concat(DELEGATION_DOMAIN, await requestIdOf(delegation, sha256))),
	);
	return {
		publicKey: plain(chain?.publicKey ?? identity.getPublicKey().toDer()),
		delegations: [...before, { delegation, signature }],
	};
}
