import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { updateBlob } from "../../src/client/blobs/changing.js";
import type { BlobSource } from "../../src/client/index.js";
import { filesIn, fromPath, fromReadable } from "../../src/client/node/index.js";
import { webPorts } from "../../src/client/platform/web.js";
import { mediaTypeOf, quoteParameters } from "../../src/client/source/media-type.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore } from "./support/memory-store.js";

/** Media types as Blobs, recorders and file systems set them. */

const OTHER = "application/octet-stream";
const GIVEN: [string, string | undefined][] = [
	["image/png", "image/png"],
	["text/plain;charset=utf-8", "text/plain;charset=utf-8"],
	["video/webm;codecs=vp8,opus", 'video/webm; codecs="vp8,opus"'],
	["video/mp4; codecs=avc1.42E01E, mp4a.40.2", 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"'],
	['video/mp4; codecs="avc1.42E01E, mp4a.40.2"', 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"'],
	[" text/html ; charset=utf-8;", "text/html; charset=utf-8"],
	["text/plain; charset=", "text/plain"],
	['text/plain; a="b\\"c"', "text/plain"],
	[`text/plain; a=${"b".repeat(200)}`, "text/plain"],
	[`text/plain;${"x=y,z;".repeat(10_000)}`, "text/plain"],
	["jpg", undefined],
	["", undefined],
	["image/", undefined],
	["/png", undefined],
	["image/p ng", undefined],
	["image/é", undefined],
];

it.each(GIVEN)("a source that says %j never fails an upload that named no type", async (given, taken) => {
	expect(mediaTypeOf(given)).toBe(taken);
	const context = new MemoryStore().context();
	const source = { size: 1, read: () => new Uint8Array(1), contentType: given };
	for (const options of [{}, { contentType: "" }]) {
		const { contentType } = await startUpload(context, source, { key: "a", ...options }).done;
		expect(contentType).toBe(taken ?? OTHER);
		const { items: files } = await startBatch(context, [{ key: "b", source, ...options }], {}).done;
		expect(files[0]).toMatchObject({ manifest: { contentType: taken ?? OTHER } });
	}
});

it("a named type is held to what a media type is, values in quotes where they must be", async () => {
	const context = new MemoryStore().context();
	const bytes = new Uint8Array(1);
	const upload = async (contentType: string) => startUpload(context, bytes, { key: "a", contentType }).done;
	expect((await upload("video/webm;codecs=vp8,opus")).contentType).toBe('video/webm; codecs="vp8,opus"');
	await expect(upload("jpg")).rejects.toMatchObject({ code: "invalid_argument" });
	expect(quoteParameters("jpg;a=b,c")).toBe('jpg; a="b,c"');
	const changed = await updateBlob(context, "a", { contentType: "", visibility: "public" });
	expect(changed).toMatchObject({ contentType: 'video/webm; codecs="vp8,opus"', visibility: "public" });
	expect((await updateBlob(context, "a", { contentType: "text/plain" })).contentType).toBe("text/plain");
});

it("in Node what has a name and says no type has that of the name's ending", async () => {
	const context = new MemoryStore().context();
	const bytes = Uint8Array.of(1);
	const read = () => bytes;
	async function* parts() {
		yield bytes;
	}
	const directory = await mkdtemp(join(tmpdir(), "blobs-names-"));
	const path = join(directory, "a.png");
	await writeFile(path, bytes);
	const sources: Record<string, [source: () => BlobSource, type: string]> = {
		"a File": [() => new File([bytes], "a.png"), "image/png"],
		"a File that says its type": [() => new File([bytes], "a.png", { type: "text/css" }), "text/css"],
		"a File that says what is no type": [() => new File([bytes], "a.png", { type: "png" }), "image/png"],
		"a File whose name ends with nothing known": [() => new File([bytes], "a.none"), OTHER],
		"a file's stream": [() => createReadStream(path), "image/png"],
		"one whose path is in bytes": [() => createReadStream(Buffer.from(path)), "image/png"],
		"one that is destroyed at the end": [() => fromReadable(createReadStream(path)), "image/png"],
		"an entry of an archive": [() => Object.assign(parts(), { path: "in/a.tar" }), "application/x-tar"],
		"any storage": [() => ({ size: 1, read, name: "a.json" }), "application/json"],
		"any storage that says its type": [
			() => ({ size: 1, read, name: "a.json", contentType: "text/css" }),
			"text/css",
		],
		bytes: [() => bytes, OTHER],
		"a Blob": [() => new Blob([bytes]), OTHER],
		"a stream": [parts, OTHER],
		"a name that is no text": [() => ({ size: 1, read, name: 7 as never }), OTHER],
	};
	for (const [what, [source, type]] of Object.entries(sources)) {
		// Never by the key, which is where it goes, not what it is.
		const key = "key.gif";
		expect((await startUpload(context, source(), { key }).done).contentType, what).toBe(type);
		expect((await startUpload(context, source(), { key, contentType: "" }).done).contentType, what).toBe(
			type,
		);
		const named = { key, contentType: "text/plain" };
		expect((await startUpload(context, source(), named).done).contentType, what).toBe("text/plain");
		const { items: files } = await startBatch(context, [{ key, source }], {}).done;
		expect(files[0], what).toMatchObject({ manifest: { contentType: type } });
	}
	await rm(directory, { recursive: true });
	// A browser's Files say theirs.
	const web = new MemoryStore().context({ ports: { mediaTypeOfName: webPorts.mediaTypeOfName } });
	expect((await startUpload(web, new File([bytes], "a.png"), { key: "a" }).done).contentType).toBe(OTHER);
});

it("in Node a path has the type of its ending", async () => {
	const directory = await mkdtemp(join(tmpdir(), "blobs-types-"));
	const types: Record<string, string> = {
		"a.png": "image/png",
		"B.HTML": "text/html",
		"c.tar.gz": "application/gzip",
		"d.json": "application/json",
		"e.jpg": "image/jpeg",
		png: OTHER,
		".png": OTHER,
		"f.no-such-ending": OTHER,
	};
	for (const name of Object.keys(types)) await writeFile(join(directory, name), "x");
	const context = new MemoryStore().context();
	const { items: files } = await startBatch(context, (await filesIn(directory)).files, {}).done;
	for (const file of files)
		expect(file).toMatchObject({ status: "uploaded", manifest: { contentType: types[file.key] } });
	const named = { key: "a", contentType: "text/plain" };
	expect((await startUpload(context, await fromPath(join(directory, "a.png")), named).done).contentType).toBe(
		"text/plain",
	);
	const here = process.cwd();
	process.chdir(directory);
	expect(await fromPath("png").finally(() => process.chdir(here))).not.toHaveProperty("contentType");
	await rm(directory, { recursive: true });
});
