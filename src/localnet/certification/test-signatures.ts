/**
 * Keys and signatures in the form of BLS keys and signatures: 96 and 48 bytes, under the same DER prefix, with hashes
 * inside. BLS pairings are slow in JavaScript, and a test suite makes thousands.
 *
 * They protect nothing: the public key suffices to sign. Both begin with a text, where a compressed point has its
 * highest bit set, so no BLS library accepts them as points.
 */
import { selfAuthenticating, sha256, utf8 } from "../encoding/bytes.js";
import { BLS_DER_PREFIX, type SubnetKey } from "./keys.js";

const KEY_MARK = utf8("TEST KEY, NOT A POINT OF BLS12-381: reading it is enough to sign");
const SIGNATURE_MARK = utf8("TEST, NOT SIGNED");

export class TestKey implements SubnetKey {
	readonly #publicKey: Uint8Array;
	readonly publicDer: Buffer;
	readonly subnetId: Buffer;

	constructor(seed: Uint8Array, name: string) {
		this.#publicKey = Buffer.concat([KEY_MARK, sha256(seed, utf8(`test ${name}`))]);
		this.publicDer = Buffer.concat([BLS_DER_PREFIX, this.#publicKey]);
		this.subnetId = selfAuthenticating(this.publicDer);
	}

	sign(message: Uint8Array): Uint8Array {
		return signatureOf(this.#publicKey, message);
	}
}

const signatureOf = (publicKey: Uint8Array, message: Uint8Array) =>
	Buffer.concat([SIGNATURE_MARK, sha256(publicKey, message)]);

/** Whether a subnet's public key, 96 bytes without DER, belongs to a network with `signatures: "test"`. */
export const isTestKey = (publicKey: Uint8Array): boolean =>
	publicKey.length === KEY_MARK.length + 32 && KEY_MARK.equals(publicKey.subarray(0, KEY_MARK.length));

/**
 * Verifies a signature of a network with `signatures: "test"`. Pass it as `blsVerify` to agents and to this package's
 * client. It rejects every other key, including those of real networks.
 *
 * @param publicKey 96 bytes, without their DER
 * @param signature 48 bytes
 */
export const verifyTestSignature = (
	publicKey: Uint8Array,
	signature: Uint8Array,
	message: Uint8Array,
): boolean => isTestKey(publicKey) && signatureOf(publicKey, message).equals(signature);
