import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An S3 bucket in memory, with the requests of a repository: objects, ranges, conditions, lists in pages. */

export const ACCESS = { accessKeyId: "tester", secretAccessKey: "not-a-secret-at-all", region: "test-1" };

export interface S3Server {
	readonly endpoint: string;
	readonly objects: Map<string, Buffer>;
	/** Whether If-None-Match is honoured. */
	honours: boolean;
	/** Answers of this status come in the place of the next so many. */
	failures: { status: number; count: number };
	close(): Promise<void>;
}

export async function startS3(bucket: string): Promise<S3Server> {
	const objects = new Map<string, Buffer>();
	const server = createServer((request, response) => {
		answer(request, response).catch((error: unknown) => fail(response, 500, String(error)));
	});
	const state: S3Server = {
		endpoint: "",
		objects,
		honours: true,
		failures: { status: 503, count: 0 },
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const parts: Buffer[] = [];
		for await (const part of request) parts.push(part as Buffer);
		const body = Buffer.concat(parts);
		if (!isSigned(request)) return fail(response, 403, "SignatureDoesNotMatch");
		if (state.failures.count > 0) {
			state.failures.count--;
			return fail(response, state.failures.status, "SlowDown");
		}
		const url = new URL(request.url ?? "/", "http://s3");
		const path = decodeURIComponent(url.pathname).replace(/^\/+/, "");
		if (path !== bucket && !path.startsWith(`${bucket}/`)) return fail(response, 404, "NoSuchBucket");
		const key = path.slice(bucket.length).replace(/^\/+/, "");
		if (request.method === "GET" && key === "") return list(url, response);
		const found = objects.get(key);
		if (request.method === "PUT") {
			const md5 = request.headers["content-md5"];
			if (md5 !== undefined && md5 !== createHash("md5").update(body).digest("base64"))
				return fail(response, 400, "BadDigest");
			if (state.honours && request.headers["if-none-match"] === "*" && found)
				return fail(response, 412, "PreconditionFailed");
			objects.set(key, body);
			return void response.writeHead(200).end();
		}
		if (request.method === "DELETE") {
			objects.delete(key);
			return void response.writeHead(204).end();
		}
		if (!found) return fail(response, 404, "NoSuchKey");
		if (request.method === "HEAD")
			return void response.writeHead(200, { "content-length": found.length }).end();
		const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
		if (from === undefined) return void response.writeHead(200).end(found);
		if (Number(from) >= found.length) return fail(response, 416, "InvalidRange");
		response.writeHead(206).end(found.subarray(Number(from), Number(to) + 1));
	}

	function list(url: URL, response: ServerResponse): void {
		const prefix = url.searchParams.get("prefix") ?? "";
		const after = url.searchParams.get("continuation-token") ?? "";
		const limit = Math.min(1_000, Number(url.searchParams.get("max-keys") ?? 1_000));
		const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
		const page = keys.slice(0, limit);
		const isCut = keys.length > limit;
		const contents = page
			.map((key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length}</Size></Contents>`)
			.join("");
		const token = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
		response.writeHead(200, { "content-type": "application/xml" });
		response.end(
			`<ListBucketResult>${contents}<IsTruncated>${isCut}</IsTruncated>${token}</ListBucketResult>`,
		);
	}

	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return Object.assign(state, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function fail(response: ServerResponse, status: number, code: string): void {
	response.writeHead(status, { "content-type": "application/xml" });
	response.end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** Signature version 4, computed anew: by headers, the payload unsigned. */
function isSigned(request: IncomingMessage): boolean {
	const { authorization = "" } = request.headers;
	const [, credential, signed, signature] =
		/^AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=([0-9a-f]{64})$/.exec(
			authorization,
		) ?? [];
	const [id, day = "", region = "", service = ""] = credential?.split("/") ?? [];
	if (id !== ACCESS.accessKeyId || region !== ACCESS.region || service !== "s3") return false;
	const url = new URL(request.url ?? "/", "http://s3");
	const query = [...url.searchParams]
		.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
		.sort()
		.join("&");
	const headers = (signed ?? "")
		.split(";")
		.map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
	const payload = String(request.headers["x-amz-content-sha256"]);
	const canonical = [request.method, url.pathname, query, headers.join(""), signed, payload].join("\n");
	const scope = `${day}/${region}/s3/aws4_request`;
	const text = [
		"AWS4-HMAC-SHA256",
		request.headers["x-amz-date"],
		scope,
		createHash("sha256").update(canonical).digest("hex"),
	];
	const key = [region, "s3", "aws4_request"].reduce<Buffer>(hmac, hmac(`AWS4${ACCESS.secretAccessKey}`, day));
	return hmac(key, text.join("\n")).toString("hex") === signature;
}
