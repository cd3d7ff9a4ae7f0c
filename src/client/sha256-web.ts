import { sha256 as jsSha256 } from "js-sha256";
import type { Sha256 } from "./ports.js";

/**
 * Below this many bytes JavaScript is faster: a WebCrypto digest takes 0.11 ms whatever it hashes (measured, Node
 * 20), js-sha256 hashes about 100 bytes a microsecond.
 */
const SMALL_BYTES = 4_096;

/** So many take 3 ms: a page is never held up for long, on a machine ten times as slow neither. */
const SLICE_BYTES = 262_144;

/** In slices, each a task of its own. Never by a timer, which pages in the background get once a second. */
async function inSlices(bytes: Uint8Array): Promise<Uint8Array> {
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

/** WebCrypto where it exists (secure contexts, Node), js-sha256 where not and for small inputs. */
export const webSha256: Sha256 = (bytes) => {
	const subtle = globalThis.crypto?.subtle;
	if (bytes.length < SMALL_BYTES) return new Uint8Array(jsSha256.arrayBuffer(bytes));
	if (!subtle) return inSlices(bytes);
	return subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>).then((digest) => new Uint8Array(digest));
};
