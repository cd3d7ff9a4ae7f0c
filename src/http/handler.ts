import { Answering } from "./answering.js";
import { type Listener, nodeListener } from "./node.js";
import { type BlobHandlerOptions, normalise, type Settings } from "./options.js";
import { webResponse } from "./web.js";

/**
 * Answers HTTP requests with the blobs of a store, each byte verified before it is handed out. `GET /films/holiday.mp4`
 * is the blob of the key `films/holiday.mp4`.
 */
export class BlobHandler {
	/** For node:http: `createServer(handler.listener)`. */
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

	/** For servers of web requests. Abort the request's signal, or cancel the body, when its reader is gone. */
	fetch(request: Request): Promise<Response> {
		return webResponse(this.#answering, this.#settings.log, request);
	}

	/** Bodies under way. */
	get readers(): number {
		return this.#answering.readers.count;
	}

	/** What was counted, for Prometheus, in its text format. */
	metrics(): Promise<string> {
		return this.#answering.metrics.text();
	}

	/** The media type of `metrics`. */
	get metricsType(): string {
		return this.#answering.metrics.contentType;
	}

	/** Resolves when chunks that are being written to the cache are there. */
	settle(): Promise<void> {
		return this.#answering.settle();
	}

	/** Has each connection of node:http closed behind its next answer, so that the server can end. */
	drain(): void {
		this.#isClosing = true;
	}
}
