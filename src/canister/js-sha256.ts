import { sha256 as js } from "js-sha256";
import type { Sha256 } from "./host/hashing.js";

/**
 * SHA-256 in JavaScript, for a canister that cannot have the link step: 16,800 instructions a byte, so that a chunk
 * of 2 MiB takes most of what a message may use, and eight times its ingress fee.
 */
export const jsSha256: Sha256 = (bytes) => new Uint8Array(js.arrayBuffer(bytes));
