import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backup, DirectorySink, Repository } from "../../src/backup/index.js";
import { exportSnapshot } from "../../src/cli/backup/export.js";
import { init } from "../../src/cli/backup/init.js";
import { restore } from "../../src/cli/backup/restore.js";
import { writeWhole } from "../../src/cli/build/wasm-file.js";
import { whyNotWritten } from "../../src/cli/disk.js";
import { key } from "../../src/cli/keys/key.js";
import { clientOf } from "../backup/support/client.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { upload } from "../client/support/transfers.js";
import { runCommand } from "../support/in-process.js";

/** Messages of commands that write to a full disk, here a file system of 64 KiB. */

let folder: string;
let small: string;
/** Only the system's administrator may mount one. */
const isMountable = (() => {
	const at = mkdtempSync(join(tmpdir(), "canister-blobs-mount-"));
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", at], { stdio: "pipe" });
		small = at;
		return true;
	} catch {
		return false;
	}
})();

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "canister-blobs-full-"));
});
afterAll(async () => {
	if (isMountable) execFileSync("umount", [small]);
	await rm(folder, { recursive: true });
});

test("C148 the system's words become a sentence with the path and what to do", () => {
	const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
	const said = "There is no space left to write /a/b (ENOSPC). Free some space, then run the command again.";
	expect(whyNotWritten(full, "/a/b")).toBe(said);
	expect(whyNotWritten(Object.assign(full, { path: "/a/b" }))).toBe(said);
	const refused = { code: "EACCES", path: "/a", syscall: "open" };
	expect(whyNotWritten(refused)).toBe(
		"/a may not be written or read (EACCES). Check its permissions, or name another place.",
	);
	for (const other of [new Error("other"), {}, "text", { code: "ENOENT", path: "/a", syscall: "open" }])
		expect(whyNotWritten(other)).toBeUndefined();
});

describe.skipIf(!isMountable)("C148 on a full disk", () => {
	/** Fills what is left, to the last byte. */
	const fill = () => {
		try {
			writeFileSync(join(small, "filler"), new Uint8Array(2 ** 20));
		} catch {
			// It took what there was.
		}
	};
	const clean = async () => {
		for (const name of await readdir(small)) await rm(join(small, name), { recursive: true });
	};

	test("init, restore, export and key new name the place and what to do, without jargon", async () => {
		const store = new MemoryStore();
		await upload(store.context(), pseudoBytes(200_000), { key: "large" }).done;
		const repository = await Repository.init(new DirectorySink(join(folder, "repository")));
		const { summary } = await backup(repository, { client: clientOf(store), canister: "aaaaa-aa" });
		const repo = ["--repo", join(folder, "repository")];
		writeFileSync(join(folder, "passphrase"), "secret\n");
		const holder = ["--new-passphrase-file", join(folder, "passphrase")];
		for (const [command, args, place] of [
			[restore, [summary.id, ...repo, "--to", join(small, "restored")], small],
			[exportSnapshot, [summary.id, ...repo, "--to", join(small, "exported")], small],
			[init, ["--repo", join(small, "new")], join(small, "new")],
			[key, ["new", "--key-file", join(small, "key"), ...holder], join(small, "key")],
		] as const) {
			await clean();
			if (command === init || command === key) fill();
			const { code, out } = await runCommand(command, ...args);
			expect({ code, out }, out).toEqual({ code: 1, out: expect.stringContaining("no space left") });
			expect(out).toContain(place);
			expect(out).toMatch(/\(ENOSPC\)\. Free some/);
			expect(out).not.toMatch(/sink|at async|ENOSPC:/);
		}
	});

	test("what a build writes is refused with its path, and half of it is taken away again", async () => {
		await clean();
		const path = join(small, "store.wasm");
		await expect(writeWhole(path, new Uint8Array(2 ** 20))).rejects.toThrow(
			`There is no space left to write ${path} (ENOSPC)`,
		);
		expect(await readdir(small)).toEqual([]);
	});
});
