import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "canister-blobs/node";
import { buildCanister } from "../../examples/support/build.js";
import { deployCanister } from "../../examples/support/deploy.js";
import { openNetwork } from "../../examples/support/network.js";
import { writeRandomFile } from "../../examples/support/random-file.js";

/**
 * npm run test:tools: programs that none of us wrote, on `canister-blobs serve` over a local network, and on its
 * gateway: curl, wget, ffprobe, ffmpeg and mpv, as Debian has them. Not part of `npm test`, which needs none of them.
 */

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
/** Enough that the programs seek rather than read on. */
const SIZE = 50_000_000;
const FILM_SECONDS = 60;

const folder = await mkdtemp(join(tmpdir(), "canister-blobs-tools-"));
const path = (name: string) => join(folder, name);
const same = async (a: string, b: string) => (await readFile(path(a))).equals(await readFile(path(b)));
let failed = 0;

async function check(what: string, works: () => Promise<boolean>): Promise<void> {
	const outcome = await works().catch((error: Error) => error);
	if (outcome !== true) failed++;
	console.log(
		`${outcome === true ? "ok    " : "FAILED"} ${what}${outcome instanceof Error ? `: ${outcome.message}` : ""}`,
	);
}

async function listening(child: ChildProcess): Promise<{ url: string; log: Record<string, unknown>[] }> {
	const log: Record<string, unknown>[] = [];
	const lines = createInterface({ input: child.stdout! });
	const [first] = (await once(lines, "line")) as [string];
	lines.on("line", (line) => log.push(JSON.parse(line)));
	return { url: JSON.parse(first).url, log };
}

const network = await openNetwork();
let server: ChildProcess | undefined;
try {
	const agent = await network.agent(Ed25519KeyIdentity.generate());
	const canisterId = await deployCanister(agent, await buildCanister(join(root, "examples/store"), "store"));
	const client = new BlobClient({ agent, canisterId });
	await client.admin.grantRole(await agent.getPrincipal(), "writer");
	await writeRandomFile(path("random"), SIZE);
	const source = ["-f", "lavfi", "-i", `testsrc2=size=1280x720:rate=25:duration=${FILM_SECONDS}`];
	await run("ffmpeg", [
		"-v",
		"error",
		...source,
		"-c:v",
		"mpeg4",
		"-b:v",
		"6M",
		"-g",
		"50",
		path("film.mp4"),
	]);
	const small = ["-f", "lavfi", "-i", `testsrc2=size=160x90:rate=5:duration=${FILM_SECONDS}`];
	await run("ffmpeg", [
		"-v",
		"error",
		...small,
		"-c:v",
		"mpeg4",
		"-movflags",
		"+faststart",
		path("short.mp4"),
	]);
	for (const key of ["random", "film.mp4", "short.mp4"])
		await client.upload(await readFile(path(key)), { key, visibility: "public" }).done;
	const film = (await stat(path("film.mp4"))).size;

	const args = ["serve", "-l", "0", "--canister", canisterId.toText(), "--host", network.url, "--local"];
	server = spawn(process.execPath, [join(root, "dist/bin/main.js"), ...args], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const { url, log } = await listening(server);
	const curl = async (...more: string[]) => (await run("curl", ["-sS", "--fail", ...more])).stdout;
	const fetched = () => log.splice(0).reduce((sum, { bytes }) => sum + Number(bytes ?? 0), 0);
	/** The log is written behind the answer. */
	const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

	await check("curl: the whole", async () => {
		await curl("-o", path("curl"), `${url}/random`);
		return same("curl", "random");
	});
	await check("curl -C -: resumes, and fetches the rest alone", async () => {
		await truncate(path("curl"), 12_345_678);
		await settled();
		fetched();
		await curl("-C", "-", "-o", path("curl"), `${url}/random`);
		await settled();
		return (await same("curl", "random")) && fetched() === SIZE - 12_345_678;
	});
	await check("curl -r: several ranges", async () => {
		const text = await curl("-r", "0-3,40000000-40000003", "-D", "-", "-o", path("parts"), `${url}/random`);
		return /^HTTP\/1.1 206[\s\S]*multipart\/byteranges/.test(text);
	});
	await check("curl --etag-compare: 304", async () => {
		await curl("--etag-save", path("tag"), "-o", path("curl"), `${url}/random`);
		const more = ["--etag-compare", path("tag"), "-o", path("none"), "-w", "%{http_code}"];
		return (await curl(...more, `${url}/random`)) === "304";
	});
	await check(
		"curl -z: 304 by date",
		async () =>
			(await curl("-z", path("curl"), "-o", path("none"), "-w", "%{http_code}", `${url}/random`)) === "304",
	);
	await check("wget: the whole, with the time of the blob", async () => {
		await run("wget", ["-q", "-O", path("wget"), `${url}/random`]);
		return same("wget", "random");
	});
	await check("wget -c: resumes, and says so of what is all there", async () => {
		await truncate(path("wget"), 45_000_001);
		await run("wget", ["-q", "-c", "-O", path("wget"), `${url}/random`]);
		await run("wget", ["-q", "-c", "-O", path("wget"), `${url}/random`]);
		return same("wget", "random");
	});
	await check("ffprobe: length and streams, without fetching the film", async () => {
		await settled();
		fetched();
		const show = ["-v", "error", "-show_entries", "format=duration:stream=codec_name,width", "-of", "json"];
		const { format, streams } = JSON.parse((await run("ffprobe", [...show, `${url}/film.mp4`])).stdout);
		await settled();
		const isRight = Math.round(Number(format.duration)) === FILM_SECONDS && streams[0].codec_name === "mpeg4";
		return isRight && fetched() < film / 2;
	});
	await check("ffmpeg -ss: the same picture from the server as from the file", async () => {
		const picture = async (input: string, out: string) => {
			const one = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray"];
			await run("ffmpeg", ["-v", "error", "-y", "-ss", "47.3", "-i", input, ...one, path(out)]);
		};
		await picture(`${url}/film.mp4`, "a.raw");
		await picture(path("film.mp4"), "b.raw");
		return same("a.raw", "b.raw");
	});
	const play = async (film: string, ...more: string[]) => {
		const quiet = ["--no-config", "--vo=null", "--ao=null", "--no-terminal", "--untimed"];
		await run("mpv", [...quiet, "--length=2", ...more, film]);
		return true;
	};
	await check("mpv: plays from the middle", () => play(`${url}/film.mp4`, "--start=40"));

	// The canister itself, through the local network's gateway.
	const site = (key: string) => `${network.url}/${key}?canisterId=${canisterId}`;
	const isThere = async (key: string) => (await fetch(site(key))).status !== 503;
	while (!(await isThere("random"))) await settled();
	await check("gateway, curl: the whole", async () => {
		await curl("-o", path("curl"), site("random"));
		return same("curl", "random");
	});
	await check("gateway, curl -C -: resumes where a chunk begins, a chunk each time", async () => {
		const { chunkBytes } = await client.stat("random");
		await truncate(path("curl"), 21 * chunkBytes);
		while ((await stat(path("curl"))).size < SIZE) await curl("-C", "-", "-o", path("curl"), site("random"));
		return same("curl", "random");
	});
	await check("gateway, curl -C - within a chunk: is refused, and the file stays", async () => {
		await truncate(path("curl"), 12_345_678);
		const failure = await curl("-C", "-", "-o", path("curl"), site("random")).catch((error) => error);
		return /501/.test(String(failure)) && (await stat(path("curl"))).size === 12_345_678;
	});
	await check("gateway, wget: the whole; -c within a chunk is refused, and the file stays", async () => {
		await run("wget", ["-q", "-O", path("wget"), site("random")]);
		const isWhole = await same("wget", "random");
		await truncate(path("wget"), 45_000_001);
		const failure = await run("wget", ["-q", "-c", "-O", path("wget"), site("random")]).catch(
			(error) => error,
		);
		return isWhole && failure instanceof Error && (await stat(path("wget"))).size === 45_000_001;
	});
	await check("gateway, ffprobe: length and streams of a film of one chunk", async () => {
		const show = ["-v", "error", "-show_entries", "format=duration", "-of", "json"];
		const { format } = JSON.parse((await run("ffprobe", [...show, site("short.mp4")])).stdout);
		return Math.round(Number(format.duration)) === FILM_SECONDS;
	});
	await check("gateway, mpv: plays it from its start", () => play(site("short.mp4")));
	const raw = `Host: ${canisterId}.raw.localhost`;
	await check("gateway, mpv, raw name: plays a film of many chunks from the middle", () =>
		play(site("film.mp4"), "--start=40", `--http-header-fields=${raw}`),
	);
} finally {
	server?.kill("SIGTERM");
	if (server) await once(server, "close");
	await network.dispose();
	await rm(folder, { recursive: true, force: true });
}
if (failed > 0) process.exitCode = 1;
