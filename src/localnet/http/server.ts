/** HTTPS interface: the listening socket. Reads bodies up to a limit; api.ts interprets them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Downlink } from "../conditions/downlink.js";
import type { Uplink } from "../conditions/uplink.js";
import type { Gateway } from "../gateway/gateway.js";
import { SIZES } from "../limits.js";
import { HttpError, textReply, tooLarge } from "./replies.js";
import type { Handler, Middleware, WireReply } from "./wire.js";

/** As the boundary nodes of mainnet send it, so that browsers can use this network. */
const CORS = {
	"access-control-allow-origin": "*",
	"access-control-allow-methods": "GET, POST, HEAD, OPTIONS",
	"access-control-allow-headers":
		"DNT,User-Agent,X-Requested-With,If-None-Match,If-Modified-Since,Cache-Control,Content-Type,Range,Cookie,X-IC-Canister-Id",
	"access-control-expose-headers": "Accept-Ranges,Content-Length,Content-Range,X-Request-Id,X-IC-Canister-Id",
	"access-control-max-age": "7200",
} as const;

/** The bandwidth of the clients. */
export interface Line {
	readonly up: Uplink;
	readonly down: Downlink;
}

export class HttpServer {
	readonly #server: Server;
	readonly #handler: Handler;
	readonly #middleware: Middleware;
	readonly #way: Middleware;
	readonly #line: Line;
	readonly #gateway: Gateway;

	/** The middleware is outermost; `way` applies faults and conditions before the handler. */
	constructor(
		handler: Handler,
		middleware: Middleware,
		way: Middleware,
		line: Line,
		gateway: (network: Handler) => Gateway,
	) {
		this.#handler = handler;
		this.#middleware = middleware;
		this.#way = way;
		this.#line = line;
		this.#gateway = gateway(this.#ask);
		this.#server = createServer((request, response) => void this.#serve(request, response));
		this.#server.keepAliveTimeout = 60_000;
	}

	/** @returns the port */
	listen(port: number): Promise<number> {
		return new Promise((resolve, reject) => {
			this.#server.once("error", reject);
			this.#server.listen(port, "127.0.0.1", () => {
				this.#server.off("error", reject);
				resolve((this.#server.address() as AddressInfo).port);
			});
		});
	}

	/** Closes every connection, idle or not. */
	close(): Promise<void> {
		return new Promise((resolve) => {
			this.#server.close(() => resolve());
			this.#server.closeAllConnections();
		});
	}

	readonly #next: Handler = async (request) => {
		const answer = await this.#way(request, this.#handler);
		if (answer === "drop") throw new Dropped("the connection to the network was closed");
		return answer;
	};

	/** Requests of the gateway also pass middleware, faults and conditions. */
	readonly #ask: Handler = async (request) => {
		const answer = await this.#middleware(request, this.#next);
		if (answer === "drop") throw new Dropped("the connection to the network was closed");
		return answer;
	};

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		let reply: WireReply | "drop";
		let headers: Readonly<Record<string, string>> = CORS;
		try {
			const body = await readBody(request, this.#line.up);
			const { method = "GET", url = "/" } = request;
			const wire = { method, url, headers: request.headers, body };
			const site = await this.#gateway.answer(wire);
			if (site !== undefined) {
				reply = site;
				headers = {};
			} else if (method === "OPTIONS") reply = { status: 204, headers: {}, body: new Uint8Array(0) };
			else reply = await this.#middleware(wire, this.#next);
		} catch (error) {
			if (error instanceof Aborted) return;
			// Any other error is a bug of this network: respond, rather than let the client wait.
			if (error instanceof HttpError) reply = error.reply;
			else reply = error instanceof Dropped ? "drop" : textReply(500, String((error as Error).stack));
		}
		if (reply === "drop") {
			request.socket.destroy();
			return;
		}
		const { stream } = reply;
		const length = stream?.length ?? reply.body.length;
		// A response without a body gets no length: for 304 it would contradict the length of the representation.
		const isSized = reply.status !== 304 && reply.status !== 204;
		response.writeHead(reply.status, {
			...headers,
			...reply.headers,
			...(isSized && { "content-length": length }),
		});
		if (stream !== undefined) return this.#sendStream(request, response, stream);
		await this.#send(response, reply.body.subarray(0, reply.breakAfter));
		if (reply.breakAfter === undefined) response.end();
		else response.write("", () => request.socket.destroy());
	}

	/** HEAD requests no further part. A stream that fails, or ends too early, closes the connection. */
	async #sendStream(
		request: IncomingMessage,
		response: ServerResponse,
		{ length, pieces }: NonNullable<WireReply["stream"]>,
	): Promise<void> {
		if (request.method === "HEAD") {
			response.end();
			return;
		}
		let sent = 0;
		try {
			for await (const piece of pieces) {
				if (response.destroyed) return;
				await this.#send(response, piece);
				sent += piece.length;
			}
		} catch {
			sent = -1;
		}
		if (sent === length) response.end();
		else request.socket.destroy();
	}

	async #send(response: ServerResponse, body: Uint8Array): Promise<void> {
		for await (const piece of this.#line.down.carry(body)) {
			if (response.destroyed) return;
			if (!response.write(piece)) await once(response, ["drain", "close"]);
		}
	}
}

/** Resolves on the first of these events. */
function once(emitter: ServerResponse, events: readonly string[]): Promise<void> {
	return new Promise((resolve) => {
		const end = () => {
			for (const event of events) emitter.off(event, end);
			resolve();
		};
		for (const event of events) emitter.on(event, end);
	});
}

class Aborted extends Error {}

/** Carries `"drop"` through a middleware, which expects a reply. */
class Dropped extends Error {}

/** Reads a body of declared length into one buffer, without a second copy. */
function readBody(request: IncomingMessage, uplink: Uplink): Promise<Uint8Array> {
	const declared = Number(request.headers["content-length"] ?? Number.NaN);
	const whole = declared <= SIZES.httpBodyBytes ? Buffer.allocUnsafeSlow(declared) : undefined;
	const pieces: Buffer[] = [];
	let length = 0;
	return new Promise((resolve, reject) => {
		const refuse = () => {
			request.removeAllListeners("data");
			// Read and discard the rest of the request, or the client would never read the response.
			request.resume();
			reject(tooLarge());
		};
		request.on("data", (piece: Buffer) => {
			if (length + piece.length > SIZES.httpBodyBytes) return refuse();
			if (whole) piece.copy(whole, length);
			else pieces.push(piece);
			length += piece.length;
			uplink.carry(piece.length, request);
		});
		request.on("end", () => resolve(whole ?? Buffer.concat(pieces)));
		request.on("error", reject);
		request.on("close", () => reject(new Aborted()));
		if (declared > SIZES.httpBodyBytes) refuse();
	});
}
