import { follow, sleep } from "../util/abort.js";
import { verifyInWorker } from "./bls-worker/in-worker.js";
import type { Ports } from "./ports.js";
import { webSha256 } from "./web-sha256.js";

/**
 * From this many bytes on a Blob is cheaper: Chromium's fetch copies bytes within the call, 2 MiB in 40 to 150 ms of
 * the page's thread, a Blob takes 3 to 7 ms of it and arrives in a tenth of the time. Below both are the same.
 */
const BLOB_BYTES = 65_536;

/** Where nobody tells of networks, as in Node, only time ends it. */
async function sleepUntilOnline(ms: number, signal?: AbortSignal): Promise<void> {
	const { controller, release } = follow(signal);
	let wake = () => {};
	const online = new Promise<void>((resolve) => {
		wake = resolve;
	});
	globalThis.addEventListener?.("online", wake);
	try {
		await Promise.race([sleep(ms, controller.signal), online]);
	} finally {
		globalThis.removeEventListener?.("online", wake);
		release();
		controller.abort();
	}
}

/** The ports of a browser, a worker, or any runtime with the web's globals. */
export const webPorts: Ports = {
	sha256: webSha256,
	blsVerify: verifyInWorker,
	requestBody: (bytes) => ({ body: bytes.length < BLOB_BYTES ? bytes : new Blob([bytes]) }),
	randomBytes: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)),
	now: () => Date.now(),
	monotonic: () => performance.now(),
	random: () => Math.random(),
	mediaTypeOfName: () => undefined,
	isOnline: () => globalThis.navigator?.onLine !== false,
	sleep: sleepUntilOnline,
};
