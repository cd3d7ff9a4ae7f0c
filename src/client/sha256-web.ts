import { sha256 as jsSha256 } from "js-sha256";
import type { Sha256 } from "./ports.js";

/**
 * Below this many bytes JavaScript is faster: a WebCrypto digest takes 0.11 ms whatever it hashes (measured, Node
 * 20), js-sha256 hashes about 100 bytes a microsecond.
 */
const SMALL_BYTES = 4_096;

const inJavaScript: Sha256 = (bytes) => new Uint8Array(jsSha256.arrayBuffer(bytes));

/** WebCrypto where it exists (secure contexts, all workers, Node), js-sha256 where not and for small inputs. */
export const webSha256: Sha256 = (bytes) => {
	const subtle = globalThis.crypto?.subtle;
	if (!subtle || bytes.length < SMALL_BYTES) return inJavaScript(bytes);
	return subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>).then((digest) => new Uint8Array(digest));
};
