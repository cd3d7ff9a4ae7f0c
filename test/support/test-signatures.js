import { bls12_381 } from "@noble/curves/bls12-381";
import { isTestKey, verifyTestSignature } from "../../dist/localnet/certification/test-signatures.js";

/**
 * To be imported where tests use a network with `signatures: "test"`: the library by which @dfinity/agent and the
 * client verify BLS signatures takes those of test keys for what they are. HttpAgent has no option for that. All other
 * keys are verified as ever. In JavaScript, so that a process of the built command can import it first, too.
 */

const { verifyShortSignature } = bls12_381;

/** @param {string | Uint8Array} value */
const bytesOf = (value) => (typeof value === "string" ? Buffer.from(value, "hex") : value);

Object.assign(bls12_381, {
	verifyShortSignature(signature, message, publicKey, options) {
		const key = bytesOf(publicKey);
		return isTestKey(key)
			? verifyTestSignature(key, bytesOf(signature), bytesOf(message))
			: verifyShortSignature(signature, message, publicKey, options);
	},
});
