import { sha224 } from "@noble/hashes/sha2";
import { Principal } from "../../protocol/index.js";
import { concat } from "../util/bytes.js";

const SELF_AUTHENTICATING = Uint8Array.of(2);

/** Who holds a public key, given in DER (interface specification, "Special forms of Principals"). */
export const selfAuthenticating = (publicKey: Uint8Array): Principal =>
	Principal.fromUint8Array(concat(sha224(publicKey), SELF_AUTHENTICATING));
