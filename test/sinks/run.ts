import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { backup, checkSink, prune, Repository, S3Sink, verify } from "../../src/backup/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { clientOf } from "../backup/support/client.js";
import { contentOf } from "../backup/support/content.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";

/**
 * npm run test:sinks: buckets of versitygw, a server of S3 that none of us wrote, judged by `checkSink`, and a repository in
 * one. Not part of `npm test`: where VERSITYGW names no binary it is built by Go, which takes minutes.
 */

const VERSION = "v1.8.0";
const ACCESS = { accessKeyId: "tester", secretAccessKey: "not-a-secret-at-all", region: "us-east-1" };
const run = promisify(execFile);
let failed = 0;

function told(what: string, error: unknown): void {
	if (error) failed++;
	console.log(`${error ? "FAILED" : "ok    "} ${what}${error ? `: ${(error as Error).message}` : ""}`);
}

async function binary(): Promise<string> {
	if (process.env.VERSITYGW) return process.env.VERSITYGW;
	const folder = join(tmpdir(), `canister-blobs-versitygw-${VERSION}`);
	const path = join(folder, "versitygw");
	if (
		await access(path).then(
			() => true,
			() => false,
		)
	)
		return path;
	console.log(`building versitygw ${VERSION} …`);
	const env = { ...process.env, GOBIN: folder };
	await run("go", ["install", `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], { env });
	return path;
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	await once(server, "close");
	return port;
}

async function answering(endpoint: string, server: ChildProcess): Promise<void> {
	for (let attempt = 0; attempt < 200; attempt++) {
		if (server.exitCode !== null) throw new Error("versitygw has ended");
		if (
			await fetch(endpoint).then(
				() => true,
				() => false,
			)
		)
			return;
		await sleep(100);
	}
	throw new Error("versitygw does not answer");
}

const path = await binary();
const folder = await mkdtemp(join(tmpdir(), "canister-blobs-sinks-"));
// A directory below is a bucket.
await mkdir(join(folder, "data/bucket"), { recursive: true });
const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
const server = spawn(path, ["--port", `127.0.0.1:${port}`, "--quiet", "posix", join(folder, "data")], {
	env: { ...process.env, ROOT_ACCESS_KEY: ACCESS.accessKeyId, ROOT_SECRET_KEY: ACCESS.secretAccessKey },
	stdio: "ignore",
});
try {
	await answering(endpoint, server);
	const open = (prefix: string) => new S3Sink({ ...ACCESS, endpoint, bucket: "bucket", prefix });
	for (const { name, error } of await checkSink(() => open("judged"))) told(name, error);

	const store = new MemoryStore();
	const context = store.context();
	const large = pseudoBytes(5_000_000, 1);
	await startUpload(context, large, { key: "large" }).done;
	const repository = await Repository.init(open("repository"));
	const take = async () =>
		(await backup(repository, { client: clientOf(store), canister: "aaaaa-aa" })).summary.id;
	const id = await take();
	await startUpload(context, Buffer.from("small"), { key: "small" }).done;
	const other = await Repository.open(open("repository"), { writes: true });
	const next = await take();
	await prune(other, { graceMs: 0 });
	const { damages, snapshots } = await verify(other);
	const keys = [...Object.keys(await contentOf(other, id)), ...Object.keys(await contentOf(other, next))];
	const isRight = damages === 0 && snapshots === 2 && keys.join() === "large,large,small";
	told(
		"a repository in a bucket is made, written on, pruned, verified and read",
		!isRight && new Error(`${keys}`),
	);
} finally {
	server.kill();
	await once(server, "close");
	await rm(folder, { recursive: true, force: true });
}

console.log(
	`versitygw ${process.env.VERSITYGW ?? VERSION}: ${failed === 0 ? "all right" : `${failed} failed`}`,
);
process.exitCode = failed === 0 ? 0 : 1;
