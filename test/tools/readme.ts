import { type ExecFileException, execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeRandomFile } from "../../examples/support/random-file.js";

/**
 * `npm run test:readme`: a registry on this machine serves this package as npm packs it, and every block of the README
 * runs letter by letter as a user would run it, in a folder that holds nothing but a film. Outside of `npm test`: all
 * dependencies come over the network, from the registry that npm is set to.
 */

const root = join(import.meta.dirname, "../..");

interface Block {
	readonly language: string;
	/** The file that the comment above it names. */
	readonly file: string | undefined;
	readonly code: string;
	readonly heading: string;
}

/** Of the repository alone, which no user of the package has. */
const OF_REPOSITORY = ["This repository"];

function blocksOf(markdown: string): Block[] {
	const blocks: Block[] = [];
	let heading = "";
	for (const [text, title, file, language, code] of markdown.matchAll(
		/^#+ (.*)$|^(?:<!-- (\S+) -->\n)?```(\w+)\n([\s\S]*?)^```$/gm,
	)) {
		if (text.startsWith("#")) heading = title!;
		else if (!OF_REPOSITORY.includes(heading))
			blocks.push({ language: language!, file, code: code!, heading });
	}
	return blocks;
}

const run = promisify(execFile);

/** A registry that has this package, and leads on to the one that npm is set to for all others. */
async function startRegistry(folder: string): Promise<{ url: string; stop: () => void }> {
	const { stdout: upstream } = await run("npm", ["config", "get", "registry"]);
	const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
	const { stdout } = await run("npm", packing, { cwd: root, maxBuffer: 1 << 26 });
	const [{ filename, integrity, shasum, version }] = JSON.parse(stdout);
	const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
	const tarball = await readFile(join(folder, filename));
	const server = createServer(({ url: path = "/", headers }, response) => {
		const own = `/canister-blobs/-/${filename}`;
		if (path === own) response.end(tarball);
		else if (/^\/canister-blobs(?:\?|$)/.test(path)) {
			const dist = { tarball: `http://${headers.host}${own}`, integrity, shasum };
			response.setHeader("Content-Type", "application/json");
			response.end(
				JSON.stringify({
					name: "canister-blobs",
					"dist-tags": { latest: version },
					versions: { [version]: { ...manifest, dist } },
				}),
			);
		} else response.writeHead(307, { Location: upstream.trim().replace(/\/*$/, path) }).end();
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const { port } = server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}/`, stop: () => server.close() };
}

/** What a shell prints; its failure ends the script. */
async function shell(folder: string, script: string): Promise<string> {
	try {
		const { stdout } = await run("bash", ["-c", script], {
			cwd: folder,
			maxBuffer: 1 << 26,
			env: environment,
		});
		return stdout;
	} catch (error) {
		const { stdout, stderr, code } = error as ExecFileException & { stdout: string; stderr: string };
		throw new Error(`exit code ${code} of:\n${script}\n${stdout}\n${stderr}`, { cause: error });
	}
}

/** Nothing of the npm that runs this script: a user has neither its settings nor its folder. */
const environment = Object.fromEntries(
	Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_PATH|CANISTER_BLOBS_)/i.test(name)),
);
environment.PATH = (environment.PATH ?? "")
	.split(":")
	.filter((part) => !part.includes("node_modules"))
	.join(":");

const folder = await mkdtemp(join(tmpdir(), "canister-blobs-readme-user-"));
const project = join(folder, "project");
const blocks = blocksOf(await readFile(join(root, "README.md"), "utf8"));
const say = (text: string) => console.log(text);
let registry: { stop: () => void } | undefined;
try {
	const started = await startRegistry(folder);
	registry = started;
	await mkdir(project);
	environment.npm_config_registry = started.url;
	await writeRandomFile(join(project, "holiday.mp4"), 5_000_000);
	say(`a registry at ${started.url} has the package; running ${blocks.length} blocks in ${project}`);

	// In the order of the page, but that files are there before what is run on them.
	for (const { file, code } of blocks)
		if (file !== undefined) await writeFile(join(project, file.split("/").at(-1)!), code);
	for (const { language, code, heading } of blocks) {
		if (language !== "sh") continue;
		const started = performance.now();
		await shell(project, `set -e -o pipefail\n${code}`);
		say(`ok  ${heading}: ${code.split("\n")[0]} … (${Math.round((performance.now() - started) / 1_000)} s)`);
	}

	const files = blocks.flatMap(({ file }) => (file?.includes("/readme/") ? [file.split("/").at(-1)!] : []));
	await shell(
		project,
		`npm i -D typescript@5.9 tsx && npm pkg set type=module && npx tsc --noEmit --strict --skipLibCheck false --module nodenext --target es2022 --lib es2022,dom,dom.iterable ${files.join(" ")}`,
	);
	say(`ok  ${files.join(", ")}: compile as printed, declarations of the package included`);
	const out = await shell(project, "npx tsx main.ts && cmp holiday.mp4 holiday.mp4.copy");
	if (!out.includes("films/holiday.mp4"))
		throw new Error(`the quick start in TypeScript listed nothing:\n${out}`);
	say("ok  quick-start.ts: there and back");
} finally {
	await shell(project, "npx canister-blobs network --stop").catch(() => {});
	registry?.stop();
	await rm(folder, { recursive: true, force: true });
}
