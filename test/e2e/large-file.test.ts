import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient, toFile } from "canister-blobs/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UploadProcess, uploadTask } from "../../examples/main-job/upload-process.js";
import { writeRandomFile } from "../../examples/support/random-file.js";
import { newId, ok, openStore, type StoreFixture } from "../support/store.js";

/** A file far larger than the memory limits, transferred by processes that are really killed. */

const SIZE = 300_000_000;
/**
 * Far less than the file. The bench holds the real figure (clientPeakMemoryMB, 125 MB) to its limit of 150; here the
 * collector of a busy machine may be late.
 */
const MEMORY_BUDGET = 200_000_000;

const uploader = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let directory: string;

beforeAll(async () => {
	fixture = await openStore({ signatures: "bls" });
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-"));
	const grant = { id: newId(), who: uploader.getPrincipal(), role: { writer: null } };
	ok(await fixture.store.blobs_grant_role(grant));
});
afterAll(async () => {
	await fixture.dispose();
	await rm(directory, { recursive: true });
});

const taskOf = (path: string, key: string) =>
	uploadTask(fixture.network, fixture.canisterId, uploader, path, key);
/** Throws where they are not, saying at which byte. */
const expectSame = (path: string, other: string) => execFileSync("cmp", [path, other], { stdio: "pipe" });

test("300 MB: killed in the middle, resumed by another process in bounded memory, and back byte for byte", {
	timeout: 300_000,
}, async () => {
	const path = join(directory, "large");
	await writeRandomFile(path, SIZE);

	let killedAt = 0;
	const first = new UploadProcess(taskOf(path, "large"), ({ loaded }) => {
		killedAt = loaded;
		if (loaded > SIZE / 4) first.kill();
	});
	expect(await first.end).toBeUndefined();
	expect(killedAt).toBeLessThan(SIZE);

	const done = await new UploadProcess(taskOf(path, "large"), () => {}).end;
	if (done === undefined) throw new Error("the second process was killed from outside");
	expect(done.reused).toBeGreaterThanOrEqual(killedAt);
	expect(done.peakMemoryBytes - done.idleMemoryBytes).toBeLessThan(MEMORY_BUDGET);

	const target = join(directory, "back");
	const client = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId });
	const { manifest } = await toFile(client.download("large"), target);
	expect(Buffer.from(manifest.root).toString("hex")).toBe(done.root);
	expectSame(target, path);
});
