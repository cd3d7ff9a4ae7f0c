import { sha224 } from "js-sha256";
import { Principal } from "../../protocol/index.js";
import { concat } from "../util/bytes.js";

const SELF_AUTHENTICATING = Uint8Array.of(2);

/** Who holds a public key, given in DER (interface specification, "Special forms of Principals"). */
export const selfAuthenticating = (publicKey: Uint8Array): Principal =>
	Principal.fromUint8Array(concat(new Uint8Array(sha224.arrayBuffer(publicKey)), SELF_AUTHENTICATING));
