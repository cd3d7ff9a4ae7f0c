import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { CborError, decodeCbor, MAX_DEPTH, MAX_ITEMS } from "../../src/client/call/cbor.js";
import { exchange, MAX_ANSWER_BYTES } from "../../src/client/call/http.js";
import { requestStatus } from "../../src/client/call/status.js";
import { isBlobError } from "../../src/client/index.js";
import { nodePorts } from "../../src/client/node/ports.js";
import { lebDecode, lebEncode, utf8 } from "../../src/client/util/bytes.js";
import { decodeCertificate } from "../../src/client/verification/certificate.js";
import { isHashTree } from "../../src/client/verification/hash-tree.js";
import { encodeCbor } from "../../src/localnet/encoding/cbor-encode.js";
import { failure } from "./support/transfers.js";

/** Bounds of what the client reads, each tested with one past it. */

const bytes = (...parts: number[]) => Uint8Array.from(parts);

describe("CBOR", () => {
	const nested = (depth: number) => bytes(...Array(depth).fill(0x81), 0);
	const list = (items: number) => {
		const message = Buffer.alloc(5 + items);
		message[0] = 0x9a;
		message.writeUInt32BE(items, 1);
		return new Uint8Array(message);
	};

	it("is nested up to a bound", () => {
		decodeCbor(nested(MAX_DEPTH));
		expect(() => decodeCbor(nested(MAX_DEPTH + 1))).toThrow(CborError);
	});

	it("holds values up to a bound", () => {
		decodeCbor(list(MAX_ITEMS - 1));
		expect(() => decodeCbor(list(MAX_ITEMS))).toThrow(CborError);
	});

	it("is what is there, not what a length claims", () => {
		for (const message of [bytes(0x83, 1, 2), bytes(0x43, 1, 2), bytes(0x62, 0x61), bytes(0xa1, 0x61, 0x61)])
			expect(() => decodeCbor(message)).toThrow(/ends too early/);
		expect(() => decodeCbor(bytes(0x81, 1, 2))).toThrow(/left over/);
	});

	it("is read as the specification has it", () => {
		const map = encodeCbor({
			status: "replied",
			n: 300,
			big: 2n ** 60n,
			bytes: bytes(1, 2),
			list: [["x"], {}],
		});
		expect({ ...(decodeCbor(map) as object) }).toEqual({
			status: "replied",
			n: 300,
			big: 2n ** 60n,
			bytes: bytes(1, 2),
			list: [["x"], {}],
		});
		expect(decodeCbor(bytes(0x9f, 1, 0x20, 0xff))).toEqual([1, -1]);
		expect(decodeCbor(bytes(0x83, 0xf5, 0xf6, 0xf7))).toEqual([true, null, undefined]);
		expect(decodeCbor(bytes(0xbf, 0x61, 0x61, 0xf4, 0xff))).toMatchObject({ a: false });
	});

	it("has each name in a map once, of whatever kind", () => {
		expect(() => decodeCbor(bytes(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2))).toThrow(/twice/);
		const proto = utf8("__proto__");
		const map = decodeCbor(bytes(0xa1, 0x60 + proto.length, ...proto, 0xa0)) as object;
		expect(Object.keys(map)).toEqual(["__proto__"]);
	});

	it("gives views, no copies", () => {
		const message = bytes(0x42, 7, 8);
		expect((decodeCbor(message) as Uint8Array).buffer).toBe(message.buffer);
	});
});

describe("LEB128", () => {
	it("has up to 64 bits, and nothing behind them", () => {
		for (const value of [0n, 127n, 128n, 2n ** 64n - 1n]) expect(lebDecode(lebEncode(value))).toBe(value);
		for (const wrong of [
			lebEncode(2n ** 64n),
			bytes(),
			bytes(0x80),
			bytes(1, 1),
			bytes(...Array(10).fill(0x80), 0),
		])
			expect(lebDecode(wrong)).toBeUndefined();
	});
});

describe("a malformed certificate", () => {
	const leaf = [3, bytes(1)];
	const label = (name: string, tree: unknown) => [2, utf8(name), tree];
	const certificate = (parts: object) => decodeCertificate(encodeCbor(parts as never));

	it("is a typed error, whatever is wrong with it", () => {
		const signature = bytes(1);
		for (const parts of [
			[],
			{ signature },
			{ tree: leaf },
			{ tree: [5], signature },
			{ tree: [2, bytes(1)], signature },
			{ tree: [4, bytes(1)], signature },
			{ tree: leaf, signature: "text" },
			{ tree: leaf, signature, delegation: "text" },
			{ tree: leaf, signature, delegation: { subnet_id: bytes(1) } },
		])
			expect(() => certificate(parts)).toThrow(expect.objectContaining({ code: "certificate_invalid" }));
	});

	it("may say nothing that a rejection needs", () => {
		const id = bytes(1, 2);
		const tree = label("request_status", [2, id, label("status", [3, utf8("rejected")])]);
		expect(requestStatus(certificate({ tree, signature: id }), id, "m")).toMatchObject({
			kind: "rejected",
			error: { details: { rejectCode: 0, rejectMessage: "" } },
		});
	});

	it("has a tree of known nodes", () => {
		expect(isHashTree([1, [0], leaf])).toBe(true);
		for (const tree of [[0, 0], [1, leaf], [1, leaf, [7]], [3, "text"], ["0"], {}, undefined])
			expect(isHashTree(tree)).toBe(false);
	});
});

describe("an answer over HTTP", () => {
	const servers: ReturnType<typeof createServer>[] = [];
	afterEach(() => {
		for (const server of servers.splice(0)) server.close();
	});
	const serve = async (listener: RequestListener): Promise<string> => {
		const server = createServer(listener);
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3/canister/x/query`;
	};
	const ask = (url: string) =>
		exchange(fetch, new URL(url), { method: "POST", body: "x" }, { timeoutMs: 10_000, ports: nodePorts });
	const MAP = bytes(0xa0);

	it("is read up to the most that a replica answers", async () => {
		const body = Buffer.alloc(MAX_ANSWER_BYTES + 1, 0xa0);
		expect((await ask(await serve((_, response) => response.end(body.subarray(1))))).body.length).toBe(
			MAX_ANSWER_BYTES,
		);
		const claimed = await failure(ask(await serve((_, response) => response.end(body))));
		const streamed = await failure(
			ask(
				await serve((_, response) => {
					response.write(body);
					response.end();
				}),
			),
		);
		for (const error of [claimed, streamed]) {
			expect(isBlobError(error, "reply_invalid") && error.message).toContain(String(MAX_ANSWER_BYTES));
			expect(isBlobError(error) && error.details).toMatchObject({ method: "/api/v3/canister/x/query" });
		}
	});

	it("of an error is cut, not refused", async () => {
		const url = await serve((_, response) => response.writeHead(503).end("busy ".repeat(2_000_000)));
		const error = await failure(ask(url));
		expect(isBlobError(error, "http") && error.details).toMatchObject({ status: 503 });
	});

	it("is never looked for elsewhere", async () => {
		let followed = 0;
		const target = await serve((_, response) => response.end(MAP, () => followed++));
		const url = await serve((_, response) => response.writeHead(307, { location: target }).end());
		const error = await failure(ask(url));
		expect(isBlobError(error, "network") && error.details.status).toBe(307);
		expect(followed).toBe(0);
	});

	it("that is a web page is the network's fault, and is quoted", async () => {
		const page = "\n<!DOCTYPE html><title>Sign in to Wi-Fi</title>";
		for (const status of [200, 202, 511]) {
			const error = await failure(ask(await serve((_, response) => response.writeHead(status).end(page))));
			expect(error).toMatchObject({ code: "network", action: "retry", details: { status } });
			expect(isBlobError(error) && error.message).toContain("Sign in to Wi-Fi");
		}
		const text = await failure(ask(await serve((_, response) => response.end("blocked by policy"))));
		expect(isBlobError(text, "network") && text.message).toContain("blocked by policy");
	});

	it("that never comes names the cause", async () => {
		const url = await serve((_, response) => response.end(MAP));
		expect((await ask(url)).body).toEqual(MAP);
		await new Promise((resolve) => servers[0]?.close(resolve));
		const error = await failure(ask(url));
		expect(isBlobError(error, "network") && error.message).toMatch(/ECONNREFUSED|ECONNRESET|socket/);
	});
});
