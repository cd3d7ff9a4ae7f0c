import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
	backup,
	blobsIn,
	DirectorySink,
	forget,
	prune,
	Repository,
	restore,
	verify,
} from "../../src/backup/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore } from "../client/support/memory-store.js";
import { COMMAND } from "../support/command.js";
import { clientOf } from "./support/client.js";
import { start } from "./support/command.js";
import { contentOf } from "./support/content.js";

/** Repositories of an earlier release (`kept/make.ts`): this release reads and extends them. */

const KEPT = join(import.meta.dirname, "kept");
const SECRETS = { passphrase: "kept for every later release" };
let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-kept-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Expected {
	readonly snapshots: readonly { readonly id: string; readonly content: Record<string, string> }[];
}

test.each(["format-1", "format-1-gzip", "format-2"])(
	"a repository of %s is read, and goes on",
	async (format) => {
		const expected = JSON.parse(await readFile(join(KEPT, `${format}.json`), "utf8")) as Expected;
		const kept = await Repository.open(new DirectorySink(join(KEPT, format)), { secrets: SECRETS });
		expect((await kept.snapshots()).map(({ id, tags }) => [id, tags])).toEqual([
			[expected.snapshots[0]?.id, ["first"]],
			[expected.snapshots[1]?.id, ["second"]],
		]);
		for (const { id, content } of expected.snapshots) expect(await contentOf(kept, id)).toEqual(content);
		const [, last] = expected.snapshots as [unknown, Expected["snapshots"][number]];
		expect(await kept.read(last.id)).toMatchObject({ wasmHash: "ab".repeat(32), settingsComplete: true });
		const entries = [];
		for await (const entry of blobsIn(kept, last.id, { prefix: "empty" })) entries.push(entry);
		expect(entries).toMatchObject([{ contentType: "text/x", metadata: { by: "me" }, size: 0 }]);
		expect(await verify(kept)).toMatchObject({ snapshots: 2, damages: 0 });
		const files = await restore(kept, last.id, join(folder, `${format}-files`));
		expect(files).toMatchObject({ restored: Object.keys(last.content).length, failed: 0, missing: 0 });

		// Written on by this release, in a copy.
		const copied = join(folder, format);
		await cp(join(KEPT, format), copied, { recursive: true });
		const opened = await Repository.open(new DirectorySink(copied), { writes: true, secrets: SECRETS });
		const store = new MemoryStore();
		await startUpload(store.context(), new Uint8Array(Buffer.from("another store")), { key: "a" }).done;
		await backup(opened, { client: clientOf(store), canister: "2vxsx-fae" });
		await forget(opened, { ids: [expected.snapshots[0]?.id as string] });
		await prune(opened, { graceMs: 0 });
		expect(await verify(opened)).toMatchObject({ snapshots: 2, damages: 0 });
		expect(await contentOf(opened, last.id)).toEqual(last.content);
	},
);

test("the commands copy it into a repository of another key, and export it as a tar archive", async () => {
	const other = join(folder, "other");
	const repo = ["--repo", other];
	const secrets = {
		CANISTER_BLOBS_PASSPHRASE: "of the other",
		CANISTER_BLOBS_NEW_PASSPHRASE: "of the other",
		CANISTER_BLOBS_FROM_PASSPHRASE: SECRETS.passphrase,
	};
	expect(await start(["init", "--encrypt", ...repo], secrets).ended).toMatchObject({ code: 0 });
	const copy = ["copy", "--from", join(KEPT, "format-2"), ...repo, "--json"];
	expect(await start([...copy, "--dry-run"], secrets).ended).toMatchObject({
		code: 0,
		last: { copied: 2, there: 0, dryRun: true },
	});
	const copied = await start([...copy, "--read-back"], secrets).ended;
	expect(copied).toMatchObject({ code: 0, last: { type: "summary", exitCode: 0, copied: 2, there: 0 } });
	expect(await start(copy, secrets).ended).toMatchObject({
		code: 0,
		last: { copied: 0, there: 2, items: 0 },
	});
	const locked = await start(copy, { ...secrets, CANISTER_BLOBS_FROM_PASSPHRASE: "wrong" }).ended;
	expect(locked).toMatchObject({ code: 12, last: { type: "error", exitCode: 12 } });
	const line = `'${process.execPath}' '${COMMAND}' export latest --tar --repo '${other}' | tar -tf -`;
	const { stdout, stderr } = await promisify(execFile)("sh", ["-c", line], {
		env: { ...process.env, ...secrets },
	});
	expect(stdout.split("\n").slice(0, 4)).toEqual([
		"snapshot.json",
		"settings.jsonl",
		"blobs.jsonl",
		"blobs/dir/many",
	]);
	expect(stderr).toMatch(/4 blobs exported, 0 failed/);
	expect(await start(["export", "latest", ...repo], secrets).ended).toMatchObject({ code: 2 });
});
