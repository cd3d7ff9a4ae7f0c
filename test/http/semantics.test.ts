import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pseudoBytes } from "../client/support/memory-store.js";
import { cellOf, headersOf, rowsOf } from "./rows.js";
import { type Answered, CHUNK, openScene, type Scene, type ServedBlobs } from "./served.js";

/** Responses as defined by RFC 9110: tests the table in docs/SERVE.md, row by row. */

const MANY = 3 * CHUNK + 7;
const SIZES = [0, 1, CHUNK, MANY] as const;
const contents = new Map(SIZES.map((size) => [size, Buffer.from(pseudoBytes(size))]));
const tags = new Map<number, string>();
const dates = new Map<number, Date>();

let scene: Scene;
let served: ServedBlobs;
beforeAll(async () => {
	scene = await openScene();
	served = await scene.serve({ freshMs: 60_000 });
	for (const [size, bytes] of contents) {
		const manifest = await scene.put(`of/${size}`, bytes, { contentType: "video/mp4" });
		tags.set(size, `"${Buffer.from(manifest.root).toString("hex")}"`);
		dates.set(size, manifest.createdAt);
	}
	// Within the second of its publication a blob may change once more: dates are no validators yet.
	const last = Math.max(...[...dates.values()].map((date) => date.getTime()));
	await new Promise((resolve) => setTimeout(resolve, Math.max(0, last + 1_001 - Date.now())));
});
afterAll(() => scene.dispose());

const rows = rowsOf("SERVE.md", "What is answered to what");

/** The bytes that a 206 says it has, taken from the blob itself. */
function partsOf({ headers, body }: Answered): { start: number; end: number; bytes: Buffer }[] {
	const range = (text: string) => {
		const [, first, last] = /bytes (\d+)-(\d+)\/\d+/.exec(text)!;
		return { start: Number(first), end: Number(last) + 1 };
	};
	const [, boundary] = /^multipart\/byteranges; boundary=(\S+)$/.exec(headers["content-type"]!) ?? [];
	if (boundary === undefined) return [{ ...range(headers["content-range"]!), bytes: body }];
	const text = body.toString("latin1");
	expect(text.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
	return text
		.slice(0, -`\r\n--${boundary}--\r\n`.length)
		.split(new RegExp(`(?:^|\\r\\n)--${boundary}\\r\\n`))
		.slice(1)
		.map((part) => {
			const at = part.indexOf("\r\n\r\n");
			expect(part.slice(0, at)).toMatch(/^Content-Type: video\/mp4\r\nContent-Range: bytes [\d/-]+$/);
			return { ...range(part.slice(0, at)), bytes: Buffer.from(part.slice(at + 4), "latin1") };
		});
}

describe("C95 RFC 9110", () => {
	test("the table has rows for every method and header that counts", () => {
		const all = rows.map(([method, headers]) => `${method} ${headers}`).join("\n");
		for (const name of ["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since"])
			expect(all).toContain(`${name}: `);
		expect(new Set(rows.map(([method]) => method))).toEqual(
			new Set(["`GET`", "`HEAD`", "`POST`", "`PUT`", "`DELETE`", "`PATCH`", "`OPTIONS`"]),
		);
	});

	test.each(rows.map((row): [string, readonly string[]] => [row.slice(0, 2).join(" "), row]))(
		"%s",
		async (_, [method, headers, ...cells]) => {
			for (const [i, size] of SIZES.entries()) {
				const name = method!.slice(1, -1);
				const answer = await served.ask(
					name,
					`/of/${size}`,
					headersOf(headers!, { tag: tags.get(size)!, date: dates.get(size)! }),
				);
				expect(cellOf(answer.status, answer.headers), `${size} bytes`).toBe(cells[i]);
				await holdsWhatItSays(name, size, answer);
			}
		},
	);
});

async function holdsWhatItSays(method: string, size: number, answer: Answered): Promise<void> {
	const { status, headers, body } = answer;
	const bytes = contents.get(size)!;
	expect(headers.date).toBeDefined();
	expect(headers["x-content-type-options"]).toBe("nosniff");
	if (status === 405) expect(headers.allow).toBe("GET, HEAD");
	if (status === 416) expect(headers["content-range"]).toBe(`bytes */${size}`);
	if ([200, 206, 304, 412, 416].includes(status)) expect(headers.etag).toBe(tags.get(size));
	if (status === 304 || method === "HEAD") expect(body).toHaveLength(0);
	else expect(headers["content-length"]).toBe(String(body.length));
	if (status === 200) {
		expect(headers).toMatchObject({
			"accept-ranges": "bytes",
			"content-type": "video/mp4",
			"content-length": String(size),
			"last-modified": dates.get(size)!.toUTCString(),
		});
		if (method === "GET") expect(body.equals(bytes)).toBe(true);
	}
	if (status === 206)
		for (const { start, end, bytes: part } of partsOf(answer))
			expect(part.equals(bytes.subarray(start, end)), `${start}-${end}`).toBe(true);
}

test("C95 a range at every border of chunks, from one byte to all, is exactly that", async () => {
	const bytes = contents.get(MANY)!;
	const borders = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK, MANY - 1];
	for (const first of borders)
		for (const last of borders.filter((each) => each >= first)) {
			const answer = await served.ask("GET", `/of/${MANY}`, { Range: `bytes=${first}-${last}` });
			expect(answer.status).toBe(206);
			expect(answer.headers["content-range"]).toBe(`bytes ${first}-${last}/${MANY}`);
			expect(answer.body.equals(bytes.subarray(first, last + 1)), `${first}-${last}`).toBe(true);
		}
});

test("HEAD fetches no chunk, and what is fresh is not asked for again", async () => {
	await served.ask("GET", `/of/${MANY}`);
	scene.queries();
	for (const headers of [{}, { "If-None-Match": tags.get(MANY)! }, { "If-Match": '"other"' }])
		await served.ask("HEAD", `/of/${MANY}`, headers);
	expect(scene.queries()).toBe(0);
});
