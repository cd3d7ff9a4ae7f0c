import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "../../../src/client/node/index.js";
import { verifyTestSignature } from "../../../src/localnet/certification/test-signatures.js";
import { MIN_CHUNK_BYTES } from "../../../src/protocol/index.js";
import { ACTS } from "./acts.js";
import type { ProcessEnd, Task } from "./process.js";

import "../../support/native-ed25519.js";

/** A process that makes one of the client's calls and says how it ended, if it comes so far. */

const say = (end: ProcessEnd) => process.send?.(end);

process.once("message", async ({ url, rootKey, canisterId, secretKey, act, matter }: Task) => {
	const identity = Ed25519KeyIdentity.fromSecretKey(secretKey);
	const agent = HttpAgent.createSync({ host: url, rootKey, identity });
	const ports = { blsVerify: verifyTestSignature };
	const client = new BlobClient({ agent, canisterId, chunkBytes: MIN_CHUNK_BYTES, ports });
	try {
		await ACTS[act](client, matter, () => {});
		say("success");
	} catch (error) {
		say(`failed: ${error}`);
	}
	process.disconnect();
});
