import { createPublicKey, type JsonWebKey, type KeyObject, sign } from "node:crypto";
import type { SigningIdentity } from "../../client/node/index.js";
import { selfAuthenticating } from "../../client/verification/self-authenticating.js";
import type { Principal } from "../../protocol/index.js";
import { UsageError } from "../command.js";

/** Identities that sign with a private key, of the three types that the Internet Computer accepts. */

interface Kind {
	/**
	 * Bytes before the point in the public key's DER (RFC 5480, uncompressed): principals are hashes of exactly these
	 * bytes.
	 */
	readonly prefix: Uint8Array;
	/** Order of the group, for curves whose signatures need the lower of the two values of s. */
	readonly order?: bigint;
}

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

const CURVES: Readonly<Record<string, Kind>> = {
	secp256k1: {
		prefix: hex("3056301006072a8648ce3d020106052b8104000a034200"),
		order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
	},
	"P-256": { prefix: hex("3059301306072a8648ce3d020106082a8648ce3d030107034200") },
};

/** Empty for a key that JWK cannot express, such as DSA or the curve P-224. */
function jwkOf(key: KeyObject): JsonWebKey {
	try {
		return createPublicKey(key).export({ format: "jwk" });
	} catch {
		return {};
	}
}

/** An identity that signs with a private key. The key never leaves this object. */
export class KeyIdentity implements SigningIdentity {
	readonly #key: KeyObject;
	readonly #curve: Kind | undefined;
	readonly #der: Uint8Array;

	/**
	 * @param where name of the key in messages
	 * @throws {UsageError} for a key of another type
	 */
	constructor(key: KeyObject, where: string) {
		this.#key = key;
		const { crv = "", x = "", y = "" } = jwkOf(key);
		this.#curve = Object.hasOwn(CURVES, crv) ? CURVES[crv] : undefined;
		if (this.#curve === undefined && crv !== "Ed25519") {
			const curve = crv || key.asymmetricKeyDetails?.namedCurve;
			throw new UsageError(
				`${where} holds a key of the kind ${key.asymmetricKeyType}${curve ? ` (${curve})` : ""}; the Internet Computer takes ` +
					"Ed25519, secp256k1 and P-256. One is made by: openssl genpkey -algorithm ed25519 -out key.pem",
			);
		}
		this.#der = this.#curve
			? Buffer.concat([
					this.#curve.prefix,
					Uint8Array.of(4),
					Buffer.from(x, "base64url"),
					Buffer.from(y, "base64url"),
				])
			: createPublicKey(key).export({ type: "spki", format: "der" });
	}

	getPrincipal(): Principal {
		return selfAuthenticating(this.#der);
	}

	getPublicKey(): { toDer(): Uint8Array } {
		return { toDer: () => new Uint8Array(this.#der) };
	}

	async sign(bytes: Uint8Array): Promise<Uint8Array> {
		if (this.#curve === undefined) return new Uint8Array(sign(null, bytes, this.#key));
		const signature = sign("sha256", bytes, { key: this.#key, dsaEncoding: "ieee-p1363" });
		return lowered(signature, this.#curve.order);
	}
}

/**
 * The lower of (r, s) and (r, n - s), which are both valid: k256, with which replicas verify, accepts only that one.
 */
function lowered(signature: Buffer, order: bigint | undefined): Uint8Array {
	if (order !== undefined) {
		const s = BigInt(`0x${signature.toString("hex", 32)}`);
		if (s > order / 2n) signature.write((order - s).toString(16).padStart(64, "0"), 32, "hex");
	}
	return new Uint8Array(signature);
}
