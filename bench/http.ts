import { randomBytes } from "node:crypto";
import { IDL } from "@dfinity/candid";
import {
	HTTP_METHODS,
	MAX_CHUNK_BYTES,
	type WireHttpRequest,
	type WireHttpResponse,
} from "../src/protocol/index.js";
import { idlOf, idlsOf } from "../test/support/idl.js";
import { newId, publication, rootOf } from "../test/support/published.js";
import type { Figures } from "./figures.js";
import { MeteredStore } from "./metered.js";

const S = MAX_CHUNK_BYTES;
const KEYS = 1_000;
const encoder = new TextEncoder();

/** Headers of a browser's request that a gateway passes on. */
const USUAL = [
	["host", "abcde-fghij-klmno-pqrst-cai.icp0.io"],
	[
		"user-agent",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
	],
	["accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"],
	["accept-encoding", "gzip, deflate, br, zstd, identity"],
	["accept-language", "en-GB,en;q=0.9"],
	["cache-control", "no-cache"],
	["sec-fetch-dest", "video"],
	["sec-fetch-mode", "no-cors"],
] as const;

/** Additional cost of a certified chunk over HTTP, compared with the client's method. */
export async function measureHttp(wasm: Uint8Array): Promise<Pick<Figures, "httpChunkOverGetChunk">> {
	const store = await MeteredStore.deploy(wasm);
	try {
		await fill(store);
		const key = "videos/2026/11/one.mp4";
		const version = await uploadTwo(store, key);
		while ((await ask(store, `/${key}`, `bytes=${S}-`)).answer.status_code !== 206)
			await new Promise((resolve) => setTimeout(resolve, 500));
		const { instructions } = await ask(store, `/${key}`, `bytes=${S}-`);
		const alone = await store.costOfQuery("blobs_get_chunk", key, version, 1);
		return { httpChunkOverGetChunk: instructions - alone };
	} finally {
		await store.dispose();
	}
}

async function fill(store: MeteredStore): Promise<void> {
	const blobs = Array.from({ length: KEYS }, (_, i) => {
		const content = encoder.encode(`${i}`);
		return { key: `pages/${i % 10}/${i}.txt`, content, ...publication(rootOf(content, S)) };
	});
	await store.call("blobs_put_many", { id: newId(), blobs });
}

async function uploadTwo(store: MeteredStore, key: string) {
	const bytes = new Uint8Array(randomBytes(2 * S));
	const id = newId();
	const size = BigInt(bytes.length);
	await store.call("blobs_begin_upload", { id, key, size: [size], chunk_size: S });
	for (const index of [0, 1])
		await store.call("blobs_put_chunk", id, index, bytes.subarray(index * S, (index + 1) * S));
	const parts = publication(rootOf(bytes, S), { content_type: "video/mp4" });
	await store.call("blobs_commit_upload", { id, size, ...parts });
	const { last } = await store.call("blobs_stat", { key, min_version: [] });
	return last;
}

/** An answer over HTTP, and its cost. */
export async function ask(store: MeteredStore, url: string, range?: string) {
	const { args, result } = HTTP_METHODS.http_request;
	const request: Omit<WireHttpRequest, "headers"> & { headers: [string, string][] } = {
		method: "GET",
		url,
		headers: [
			...USUAL.map(([name, value]): [string, string] => [name, value]),
			...(range === undefined ? [] : [["range", range] as [string, string]]),
		],
		body: new Uint8Array(0),
		certificate_version: [2],
	};
	const before = store.messages.length;
	const arg = new Uint8Array(IDL.encode(idlsOf(args), [request]));
	const answer = await store.agent.query(store.canisterId, { methodName: "http_request", arg });
	if (!("reply" in answer)) throw new Error(answer.reject_message);
	const record = store.messages
		.slice(before)
		.find(({ method, kind }) => method === "http_request" && kind === "query");
	if (record === undefined) throw new Error("http_request was not counted");
	return {
		answer: IDL.decode([idlOf(result)], answer.reply.arg)[0] as unknown as WireHttpResponse,
		instructions: Number(record.instructions),
	};
}
