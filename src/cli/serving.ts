/** The implementation of `canister-blobs serve`. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type BlobClient, type BlobClientOptions, isBlobError } from "../client/node/index.js";
import { BlobHandler, type BlobHandlerOptions, BlobLinks } from "../http/index.js";
import { parsedOptions, UsageError } from "./command.js";
import { type Connection, connectionOf } from "./connect/connect.js";
import { CONNECTION } from "./connect/options.js";
import { interrupted } from "./interrupted.js";
import { encryptionOf } from "./keys/encryption.js";
import { KEY_SECRETS, KEYS } from "./keys/options.js";
import { SECRETS, secretsFrom, VARIABLE } from "./secrets.js";
import { bytesOf, wholeOf } from "./sizes.js";

/** Retry only as long as the reader probably still waits. */
const PATIENCE: Partial<BlobClientOptions> = {
	requestTimeoutMs: 30_000,
	retry: { maxAttempts: 5, deadlineMs: 20_000, baseDelayMs: 200, maxDelayMs: 5_000 },
};
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Longer than the keep-alive of common load balancers. */
const KEEP_ALIVE_MS = 65_000;
/** Interval at which idle connections are closed while the server ends. */
const DRAIN_MS = 50;

interface Address {
	readonly host: string;
	readonly port: number;
}

/** `port`, `host:port`, `[address]:port`. */
function addressOf(option: string, text: string): Address {
	const [, six, name, port = ""] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text) ?? [];
	if (port === "" || Number(port) > 65_535)
		throw new UsageError(`--${option} takes a host and a port, as in 127.0.0.1:8080, not ${text}`);
	return { host: six ?? name ?? "127.0.0.1", port: Number(port) };
}

const OPTIONS = {
	...CONNECTION,
	...SECRETS,
	...KEYS,
	...KEY_SECRETS,
	listen: { type: "string", short: "l", default: "127.0.0.1:8080" },
	admin: { type: "string" },
	prefix: { type: "string" },
	fresh: { type: "string" },
	cache: { type: "string" },
	"cache-size": { type: "string", default: "10GiB" },
	"cache-private": { type: "boolean", default: false },
	"cache-control": { type: "string" },
	cors: { type: "string" },
	site: { type: "boolean", default: false },
	memory: { type: "string" },
	"max-readers": { type: "string" },
	"max-connections": { type: "string", default: "4096" },
	grace: { type: "string", default: "30" },
} as const;

const parse = (args: readonly string[]) => parsedOptions(args, OPTIONS);
type Values = ReturnType<typeof parse>;

async function rightsOf(
	values: Values,
	connection: Connection,
	options: Partial<BlobClientOptions>,
): Promise<Partial<BlobHandlerOptions>> {
	const secrets = await secretsFrom(values["link-secret"]);
	const { identity, canisterId } = connection;
	if (secrets.length > 0 && identity === undefined)
		throw new UsageError("links need --identity, the key that reads private blobs");
	if (values.identity !== undefined && secrets.length === 0)
		throw new UsageError(`an identity serves links alone: give --link-secret, or ${VARIABLE}`);
	if (identity === undefined || secrets.length === 0) return {};
	return {
		privateClient: connection.client(identity, options),
		links: new BlobLinks({ canisterId, secrets }),
	};
}

function settingsOf(values: Values, client: BlobClient): BlobHandlerOptions {
	const { prefix, fresh, cors, memory, cache, site } = values;
	const control = values["cache-control"];
	const readers = values["max-readers"];
	return {
		client,
		site,
		...(prefix !== undefined && { prefix }),
		...(fresh !== undefined && { freshMs: wholeOf("fresh", fresh, 86_400) * 1_000 }),
		...(control !== undefined && { cacheControl: control }),
		...(cors !== undefined && { corsOrigin: cors }),
		...(memory !== undefined && { memoryBytes: bytesOf("memory", memory) }),
		...(readers !== undefined && { maxReaders: wholeOf("max-readers", readers, 1_000_000) }),
		...(cache !== undefined && {
			cache: {
				directory: cache,
				maxBytes: bytesOf("cache-size", values["cache-size"]),
				private: values["cache-private"],
			},
		}),
	};
}

function handlerOf(options: BlobHandlerOptions): BlobHandler {
	try {
		return new BlobHandler(options);
	} catch (error) {
		if (isBlobError(error, "option_invalid")) throw new UsageError(error.message, { cause: error });
		throw error;
	}
}

async function listening(listener: RequestListener, { host, port }: Address): Promise<Server> {
	const server = createServer(
		{ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
		listener,
	);
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, host, resolve);
	});
	return server;
}

function urlOf(server: Server): string {
	const { address, port, family } = server.address() as AddressInfo;
	return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

/** Endpoints for the operator, on an address of their own, so that they cannot collide with keys. */
const adminListener =
	(handler: BlobHandler, isEnding: () => boolean): RequestListener =>
	async ({ url }, response) => {
		if (url === "/healthz") response.writeHead(isEnding() ? 503 : 200).end(isEnding() ? "ending\n" : "ok\n");
		else if (url === "/metrics")
			response
				.writeHead(200, { "Content-Type": handler.metricsType })
				.end(await handler.metrics().catch(() => ""));
		else response.writeHead(404).end();
	};

/** Accepts no more connections, and ends when all responses are sent or after `graceMs`. */
async function drained(server: Server, graceMs: number): Promise<void> {
	const closed = new Promise<void>((resolve) => server.close(() => resolve()));
	const idle = setInterval(() => server.closeIdleConnections(), DRAIN_MS);
	const late = setTimeout(() => server.closeAllConnections(), graceMs);
	await closed;
	clearInterval(idle);
	clearTimeout(late);
}

const print = (record: object): void => console.log(JSON.stringify(record));

export async function runServer(args: readonly string[]): Promise<void> {
	const values = parse(args);
	const address = addressOf("listen", values.listen);
	const admin = values.admin === undefined ? undefined : addressOf("admin", values.admin);
	const graceMs = wholeOf("grace", values.grace, 86_400) * 1_000;
	const connections = wholeOf("max-connections", values["max-connections"], 1_000_000);
	const connection = await connectionOf(values);
	const encryption = await encryptionOf(values);
	const options = { ...PATIENCE, ...(encryption && { encryption }) };
	const rights = await rightsOf(values, connection, options);
	const settings = settingsOf(values, connection.client(undefined, options));
	const handler = handlerOf({
		...settings,
		...rights,
		log: (record) => print({ event: "request", ...record }),
	});
	const end = interrupted();
	let isEnding = false;
	const server = await listening(handler.listener, address);
	server.maxConnections = connections;
	const own =
		admin &&
		(await listening(
			adminListener(handler, () => isEnding),
			admin,
		));
	print({
		time: new Date().toISOString(),
		event: "listening",
		url: urlOf(server),
		...(own && { admin: urlOf(own) }),
	});
	await end;
	isEnding = true;
	print({ time: new Date().toISOString(), event: "ending", readers: handler.readers });
	handler.drain();
	await drained(server, graceMs);
	await handler.settle();
	await (own && drained(own, 0));
	print({ time: new Date().toISOString(), event: "ended" });
}
