import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { NetworkProcess } from "../uploads/network-process.js";

/** 200 MB, more than a server caches in memory. */
const CHUNKS = 96;
const SIZE = CHUNKS * MAX_CHUNK_BYTES;
const ROUNDS = 3;

const PROGRAM = join(import.meta.dirname, "../../dist/bin/main.js");
const BARE = join(import.meta.dirname, "bare-main.ts");

interface Running {
	readonly url: string;
	stop(): Promise<void>;
}

/** A process whose first line is its address. */
async function started(args: readonly string[]): Promise<Running> {
	const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
	const ended = once(child, "exit");
	const lines = createInterface({ input: child.stdout! });
	const [line] = (await once(lines, "line")) as [string];
	// Reads the later output, so that the process never blocks on it.
	lines.on("line", () => {});
	return {
		url: /http:\/\/[^"/]+/.exec(line)![0],
		stop: async () => {
			child.kill("SIGTERM");
			await ended;
		},
	};
}

/** Milliseconds that `work` takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
	const begun = performance.now();
	await work();
	return performance.now() - begun;
}

async function curl(url: string): Promise<void> {
	const { stdout } = await promisify(execFile)("curl", [
		"-sS",
		"-o",
		"/dev/null",
		"-w",
		"%{size_download}",
		url,
	]);
	if (Number(stdout) !== SIZE) throw new Error(`${stdout} bytes came`);
}

/**
 * Speed of one curl that reads a blob from `canister-blobs serve`, relative to the client's download from the same
 * network; and from the server's disk cache, relative to a bare server that streams and hashes a file with the same
 * bytes. Both sides are timed in turns.
 */
export async function serveShares(
	wasm: Uint8Array,
	directory: string,
): Promise<{ serveVersusClient: number; serveCachedVersusBare: number }> {
	const network = await NetworkProcess.start(directory);
	const running: Running[] = [];
	const cache = join(directory, "cache");
	try {
		const { client, canisterId } = await network.store(wasm);
		const bytes = new Uint8Array(SIZE);
		for (let chunk = 0; chunk < CHUNKS; chunk++) bytes[chunk * MAX_CHUNK_BYTES] = chunk;
		const blob = await client.upload(bytes, { key: "blob", visibility: "public" }).done;
		const file = join(directory, "file");
		await writeFile(file, bytes);

		const store = ["--canister", canisterId.toText(), "--host", network.url, "--local"];
		const serve = [PROGRAM, "serve", "-l", "0", "--memory", "64MiB", ...store];
		// All rounds share one proof, which would be half of the time of a cached blob.
		const kept = [...serve, "--cache", cache, "--fresh", "3600"];
		for (const args of [serve, kept, ["--import", "tsx", BARE, file]]) running.push(await started(args));
		const [plain, cached, bare] = running.map(({ url }) => `${url}/blob`) as [string, string, string];

		const byClient = async () => {
			let received = 0;
			for await (const part of client.download(blob)) received += part.length;
			if (received !== SIZE) throw new Error(`${received} bytes came`);
		};
		// Warm-up: compiles the code of all sides.
		await byClient();
		await curl(plain);
		await curl(bare);
		while ((await keptIn(cache)) < SIZE) await curl(cached);
		const ms = { plain: 0, client: 0, cached: 0, bare: 0 };
		for (let round = 0; round < ROUNDS; round++) {
			ms.client += await timeOf(byClient);
			ms.plain += await timeOf(() => curl(plain));
			ms.bare += await timeOf(() => curl(bare));
			ms.cached += await timeOf(() => curl(cached));
		}
		return { serveVersusClient: ms.client / ms.plain, serveCachedVersusBare: ms.bare / ms.cached };
	} finally {
		for (const each of running) await each.stop();
		await network.stop();
		await rm(cache, { recursive: true, force: true });
	}
}

/** Size of the files in a cache. */
async function keptIn(directory: string): Promise<number> {
	const names = await readdir(directory, { recursive: true }).catch(() => []);
	const files = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
	return files.reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0);
}
