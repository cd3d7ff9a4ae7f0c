import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
	/** Counts all requests, from 0. */
	readonly index: number;
	/** Counts requests of this kind, from 0. */
	readonly nth: number;
	readonly kind: "call" | "query" | "read_state" | "status";
	readonly version: string;
	readonly body: Buffer;
}

/**
 * What befalls a request: the connection breaks before or after the network has it, another answer comes instead
 * of the network's, the network's is turned into a 202, or it comes late.
 */
export type Fault =
	| "refuse"
	| "lose"
	| "accepted"
	| { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
	| { readonly delayMs: number };

export interface FaultProxy {
	readonly url: string;
	readonly seen: Seen[];
	close(): Promise<void>;
}

const read = async (stream: IncomingMessage): Promise<Buffer> => {
	const parts: Buffer[] = [];
	for await (const part of stream) parts.push(part as Buffer);
	return Buffer.concat(parts);
};

/** Stands between a client and a network, and lets happen what `fault` says. */
export async function createFaultProxy(
	target: string,
	fault: (seen: Seen) => Fault | undefined,
): Promise<FaultProxy> {
	const seen: Seen[] = [];

	const forward = (request: IncomingMessage, body: Buffer) =>
		new Promise<{ response: IncomingMessage; body: Buffer }>((resolve, reject) => {
			const { host: _host, ...headers } = request.headers;
			const out = httpRequest(new URL(request.url ?? "/", target), { method: request.method, headers });
			out.on("error", reject);
			out.on("response", (response) =>
				read(response).then((bytes) => resolve({ response, body: bytes }), reject),
			);
			out.end(body);
		});

	const handle = async (request: IncomingMessage, response: ServerResponse) => {
		const body = await read(request);
		const parts = (request.url ?? "").split("/");
		const kind = parts.at(-1) as Seen["kind"];
		const nth = seen.filter((each) => each.kind === kind).length;
		const one = { index: seen.length, nth, kind, version: parts[2] ?? "", body };
		seen.push(one);
		const what = fault(one);
		if (what === "refuse") return void request.socket.destroy();
		if (typeof what === "object" && "status" in what) {
			response.writeHead(what.status, { "content-type": "text/plain", ...what.headers });
			return void response.end(what.body ?? "");
		}
		if (typeof what === "object") await new Promise((resolve) => setTimeout(resolve, what.delayMs));
		const answer = await forward(request, body);
		if (what === "lose") return void request.socket.destroy();
		if (what === "accepted") return void response.writeHead(202).end();
		response.writeHead(answer.response.statusCode ?? 500, {
			"content-type": answer.response.headers["content-type"] ?? "application/cbor",
		});
		response.end(answer.body);
	};

	const server = createServer((request, response) => {
		handle(request, response).catch(() => request.socket.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		seen,
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
}
