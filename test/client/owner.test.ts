import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Download } from "../../src/client/download/download.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { toFile } from "../../src/client/node/index.js";
import { lifeOf, ownTag } from "../../src/client/node/owner.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

/** Whose a temporary file is, and whether that process still runs. */

const S = 65_536;
const SIZE = 36 * S;

describe("the tag of a process", () => {
	it("is alive while it runs, and dead afterwards, whoever has its number by then", async () => {
		const [machine, , start] = (await ownTag()).split(".");
		expect(await lifeOf(await ownTag())).toBe("alive");
		const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
		await once(child, "spawn");
		// Another process had this number before.
		expect(await lifeOf(`${machine}.${child.pid}.${start}`)).toBe("dead");
		child.kill("SIGKILL");
		await once(child, "exit");
		expect(await lifeOf(`${machine}.${child.pid}.${start}`)).toBe("dead");
	});

	it("says nothing of one on another machine or in another container", async () => {
		expect(await lifeOf(`000000000000.${process.pid}.0`)).toBe("unknown");
	});
});

describe("a file that was left on another machine", () => {
	it("is read and not written to, and goes once the target is whole", async () => {
		const directory = await mkdtemp(join(tmpdir(), "blobs-owner-"));
		const path = join(directory, "disk");
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, concurrency: { uploads: 1, downloads: 1 } });
		await startUpload(context, pseudoBytes(SIZE), { key: "f" }).done;
		const failAfter = (chunks: number) => ({
			before: ({ method, nth }: { method: string; nth: number }) => {
				if (method === "blobs_get_chunk" && nth >= chunks)
					throw new ClientError("source_changed", { reason: "" });
			},
		});
		store.hooks = failAfter(20);
		await toFile(new Download(context, "f", {}), path).catch(() => {});
		const [left] = await readdir(directory);
		const foreign = left!.replace("-free.", "-000000000000.1.1.");
		await rename(join(directory, left!), join(directory, foreign));
		const before = await readFile(join(directory, foreign));

		store.calls.length = 0;
		store.hooks = failAfter(5);
		await toFile(new Download(context, "f", {}), path).catch(() => {});
		expect(Buffer.compare(await readFile(join(directory, foreign)), before)).toBe(0);
		store.calls.length = 0;
		store.hooks = {};
		expect((await toFile(new Download(context, "f", {}), path)).reusedBytes).toBe(25 * S);
		expect(await readdir(directory)).toEqual(["disk"]);
		await rm(directory, { recursive: true });
	});
});
