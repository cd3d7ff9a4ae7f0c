import type { Ports } from "./ports.js";
import { webSha256 } from "./sha256-web.js";
import { sleep } from "./util/abort.js";

/** The ports of a browser, a worker, or any runtime with the web's globals. */
export const webPorts: Ports = {
	sha256: webSha256,
	randomBytes: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)),
	now: () => Date.now(),
	random: () => Math.random(),
	sleep,
};
