import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient, type BlobClientOptions, type Manifest, type UploadOptions } from "canister-blobs/node";
import { BlobHandler, type BlobHandlerOptions, type LogRecord } from "../../src/http/index.js";
import type { NetworkOptions } from "../../src/localnet/index.js";
import { openStore, type StoreFixture } from "../support/store.js";

/** A store on a network of its own, and servers of its blobs. */

/** The smallest chunk of a blob that has several. */
export const CHUNK = 65_536;

export interface Answered {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

export interface ServedBlobs {
	readonly url: string;
	readonly port: number;
	readonly handler: BlobHandler;
	readonly server: Server;
	/** What was logged. */
	readonly log: LogRecord[];
	/** One exchange on a connection of its own. Nothing is added to the headers but Host. */
	ask(method: string, path: string, headers?: Record<string, string>): Promise<Answered>;
	/** A connection on which a request was sent, and nothing is read before the test does. */
	raw(path: string, headers?: string): Promise<Socket>;
	/** A figure of the metrics; a sum over all labels where none are named. */
	metric(name: string, labels?: string): Promise<number>;
	stop(): Promise<void>;
}

export interface Scene {
	readonly fixture: StoreFixture;
	/** Reads what is public, as nobody. */
	readonly anonymous: BlobClient;
	/** Owns the blobs, and reads them all. */
	readonly owner: BlobClient;
	/** Queries of the canister since the last call of this. */
	queries(): number;
	put(key: string, bytes: Uint8Array, options?: Partial<UploadOptions>): Promise<Manifest>;
	serve(options?: Partial<BlobHandlerOptions>): Promise<ServedBlobs>;
	client(identity?: Ed25519KeyIdentity, options?: Partial<BlobClientOptions>): Promise<BlobClient>;
	dispose(): Promise<void>;
}

export async function openScene(network: NetworkOptions = {}): Promise<Scene> {
	let queries = 0;
	const controller = Ed25519KeyIdentity.generate();
	const fixture = await openStore(
		{
			...network,
			onMessage: ({ kind, method }) => {
				if (kind === "query" && method.startsWith("blobs_")) queries++;
			},
		},
		controller,
	);
	const { url: host, rootKey } = fixture.network;
	const client = async (identity?: Ed25519KeyIdentity, options: Partial<BlobClientOptions> = {}) =>
		new BlobClient({
			agent: await HttpAgent.create({ host, rootKey, ...(identity && { identity }) }),
			canisterId: fixture.canisterId,
			chunkBytes: CHUNK,
			...options,
		});
	const anonymous = await client();
	const owner = await client(controller);
	const running = new Set<ServedBlobs>();
	return {
		fixture,
		anonymous,
		owner,
		client,
		queries: () => {
			const counted = queries;
			queries = 0;
			return counted;
		},
		put: async (key, bytes, options = {}) =>
			owner.upload(bytes, { key, visibility: "public", ...options }).done,
		serve: async (options = {}) => {
			const served = await serveBlobs({ client: anonymous, ...options });
			running.add(served);
			return { ...served, stop: () => served.stop().finally(() => running.delete(served)) };
		},
		dispose: async () => {
			for (const served of running) await served.stop();
			await fixture.dispose();
		},
	};
}

async function serveBlobs(options: BlobHandlerOptions): Promise<ServedBlobs> {
	const log: LogRecord[] = [];
	const handler = new BlobHandler({ log: (record) => void log.push(record), ...options });
	const server = createServer(handler.listener);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		port,
		handler,
		server,
		log,
		ask: (method, path, headers = {}) => ask(port, method, path, headers),
		raw: (path, headers = "") =>
			new Promise((resolve, reject) => {
				const socket = connect(port, "127.0.0.1", () => {
					socket.pause();
					socket.write(`GET ${path} HTTP/1.1\r\nHost: blobs\r\n${headers}\r\n`);
					resolve(socket);
				});
				socket.on("error", reject);
			}),
		metric: async (name, labels = "") => figure(await handler.metrics(), name, labels),
		stop: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function ask(port: number, method: string, path: string, headers: Record<string, string>): Promise<Answered> {
	return new Promise((resolve, reject) => {
		const asked = request({ port, host: "127.0.0.1", method, path, headers, agent: false }, (answer) => {
			const parts: Buffer[] = [];
			answer.on("data", (part: Buffer) => parts.push(part));
			answer.on("end", () =>
				resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts) }),
			);
			answer.on("error", reject);
		});
		asked.on("error", reject);
		asked.end();
	});
}

function figure(text: string, name: string, labels: string): number {
	let sum = 0;
	for (const line of text.split("\n")) {
		const [, own, theirs = "", value] = /^canister_blobs_serve_(\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
		if (own === name && theirs.includes(labels)) sum += Number(value);
	}
	return sum;
}

/** Waits until something holds, which others bring about. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
	const end = performance.now() + withinMs;
	while (!(await holds())) {
		if (performance.now() > end) throw new Error("it did not come to that in time");
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
