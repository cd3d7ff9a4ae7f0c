import { sha256 } from "@noble/hashes/sha2";
import { part } from "../util/part.js";
import type { Sha256 } from "./ports.js";

/**
 * Below this many bytes JavaScript is faster: a WebCrypto digest takes 0.11 ms whatever it hashes. The
 * agent's own hash function, which is there in any case, takes less.
 */
const SMALL_BYTES = 4_096;

/** So many take 3 ms: a page is never held up for long, on a machine ten times as slow neither. */
const SLICE_BYTES = 262_144;

/** Few pages have no WebCrypto. */
const slowly = part(() => import("js-sha256"));

/** In slices, each a task of its own. Never by a timer, which pages in the background get once a second. */
async function inSlices(bytes: Uint8Array): Promise<Uint8Array> {
	const { sha256: jsSha256 } = await slowly();
	const hash = jsSha256.create();
	for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
		if (at > 0) await nextTask();
		hash.update(bytes.subarray(at, at + SLICE_BYTES));
	}
	return new Uint8Array(hash.arrayBuffer());
}

function nextTask(): Promise<void> {
	return new Promise((resolve) => {
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = () => {
			port1.close();
			resolve();
		};
		port2.postMessage(undefined);
	});
}

/** WebCrypto where it exists (secure contexts, Node), js-sha256 where not; the agent's own function for small inputs. */
export const webSha256: Sha256 = (bytes) => {
	const subtle = globalThis.crypto?.subtle;
	if (bytes.length < SMALL_BYTES) return sha256(bytes);
	if (!subtle) return inSlices(bytes);
	return subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>).then((digest) => new Uint8Array(digest));
};
