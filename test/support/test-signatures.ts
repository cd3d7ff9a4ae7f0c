import { bls12_381 } from "@noble/curves/bls12-381";
import { isTestKey, verifyTestSignature } from "../../src/localnet/certification/test-signatures.js";

/**
 * To be imported where tests use a network with `signatures: "test"`: the library by which @dfinity/agent and the
 * client verify BLS signatures takes those of test keys for what they are. HttpAgent has no option for that. All other
 * keys are verified as ever.
 */

const { verifyShortSignature } = bls12_381;
type Verify = typeof verifyShortSignature;

const bytesOf = (value: Parameters<Verify>[0]): Uint8Array =>
	typeof value === "string" ? Buffer.from(value, "hex") : (value as Uint8Array);

const verify: Verify = (signature, message, publicKey, options) => {
	const key = bytesOf(publicKey as string);
	return isTestKey(key)
		? verifyTestSignature(key, bytesOf(signature), bytesOf(message as string))
		: verifyShortSignature(signature, message, publicKey, options);
};

Object.assign(bls12_381, { verifyShortSignature: verify });
