import { BlobClient as WebBlobClient } from "../client.js";
import type { BlobClientOptions } from "../options.js";
import { nodePorts } from "./ports.js";

/** A blob store in a canister, as a browser has it, with Node's hash function. */
export class BlobClient extends WebBlobClient {
	constructor(options: BlobClientOptions) {
		super(options, nodePorts);
	}
}
