import { Answering } from "./answering.js";
import { type Listener, nodeListener } from "./node.js";
import { type BlobHandlerOptions, normalise, type Settings } from "./options.js";
import { webResponse } from "./web.js";

/**
 * Answers HTTP requests with the blobs of a store, and verifies each byte before sending it. `GET /films/holiday.mp4`
 * returns the blob with the key `films/holiday.mp4`.
 */
export class BlobHandler {
	/** Listener for node:http: `createServer(handler.listener)`. */
	readonly listener: Listener;
	readonly #settings: Settings;
	readonly #answering: Answering;
	#isClosing = false;

	/** @throws ClientError `option_invalid` */
	constructor(options: BlobHandlerOptions) {
		this.#settings = normalise(options);
		this.#answering = new Answering(this.#settings);
		this.listener = nodeListener(this.#answering, this.#settings.log, () => this.#isClosing);
	}

	/** Handles a web Request. Abort its signal, or cancel the body, when the reader disconnects. */
	fetch(request: Request): Promise<Response> {
		return webResponse(this.#answering, this.#settings.log, request);
	}

	/** Number of bodies in progress. */
	get readers(): number {
		return this.#answering.readers.count;
	}

	/** Metrics in the text format of Prometheus. */
	metrics(): Promise<string> {
		return this.#answering.metrics.text();
	}

	/** The media type of `metrics`. */
	get metricsType(): string {
		return this.#answering.metrics.contentType;
	}

	/** Resolves when pending writes to the disk cache are done. */
	settle(): Promise<void> {
		return this.#answering.settle();
	}

	/** Closes each node:http connection after its next response, so that the server can end. */
	drain(): void {
		this.#isClosing = true;
	}
}
