import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { release } from "../../examples/readme/batch.js";
import { invite } from "../../examples/readme/grant.js";
import { thereAndBack } from "../../examples/readme/node.js";
import { writeRandomFile } from "../../examples/support/random-file.js";
import { identityOf } from "../../src/cli/connect/identities.js";
import { BlobClient } from "../../src/client/node/index.js";
import { bundleForPage } from "../support/bundle.js";
import { newId, ok, openStore, type StoreFixture } from "../support/store.js";

/** The snippets of the README equal files that run here: those for Node in Node, the page's in Chromium. */

const root = join(import.meta.dirname, "../..");
let fixture: StoreFixture;
let directory: string;
beforeAll(async () => {
	fixture = await openStore({ signatures: "bls" });
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-readme-"));
});
afterAll(async () => {
	await fixture.dispose();
	await rm(directory, { recursive: true });
});

describe("the snippets", () => {
	test("are the files that are run", async () => {
		const readme = await readFile(join(root, "README.md"), "utf8");
		const snippets = [...readme.matchAll(/<!-- (\S+) -->\n```ts\n([\s\S]*?)```/g)];
		expect(snippets.map(([, path]) => path)).toEqual([
			"examples/store/index.ts",
			"examples/readme/quick-start.ts",
			"examples/readme/main.ts",
			"examples/readme/node.ts",
			"examples/readme/batch.ts",
			"examples/readme/browser.ts",
			"examples/readme/grant.ts",
		]);
		for (const [, path, code] of snippets) expect(code).toBe(await readFile(join(root, path!), "utf8"));
	});

	test("every command of npm that it names is there", async () => {
		const readme = await readFile(join(root, "README.md"), "utf8");
		const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
		const named = [...readme.matchAll(/npm (?:run )?([a-z][a-z:0-9]*)/g)].map(([, name]) => name);
		expect(named.filter((name) => !["ci", "i", "pkg"].includes(name!) && !(name! in scripts))).toEqual([]);
	});
});

test("its table has every method of the client", async () => {
	const readme = await readFile(join(root, "README.md"), "utf8");
	const methods = Object.getOwnPropertyNames(BlobClient.prototype).concat(
		Object.getOwnPropertyNames(Object.getPrototypeOf(BlobClient.prototype)),
	);
	const missing = methods.filter(
		(name) => name !== "constructor" && !new RegExp(`\`${name}[\`(]`).test(readme),
	);
	expect(methods).toContain("upload");
	expect(missing).toEqual([]);
});

test("the quick start goes there and back", async () => {
	const cwd = await mkdtemp(join(directory, "quick-start-"));
	const path = join(cwd, "holiday.mp4");
	await writeRandomFile(path, 1_000_000);
	const pem = join(cwd, "key.pem");
	execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", pem], { stdio: "pipe" });
	const who = (await identityOf({ identity: pem, local: false }))!.getPrincipal();
	const blobs = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId });
	await blobs.admin.grantRole(who.toText(), "writer");
	// As its caller is run, in the folder with the key and the film.
	const [tsx, main] = [join(root, "node_modules/.bin/tsx"), join(root, "examples/readme/main.ts")];
	const running = { url: fixture.network.url, canisters: [{ id: fixture.canisterId.toText() }] };
	await mkdir(join(cwd, ".canister-blobs"));
	await writeFile(join(cwd, ".canister-blobs/network.json"), JSON.stringify(running));
	const { stdout } = await promisify(execFile)(tsx, [main], { cwd });
	expect(stdout).toMatch(/^films\/holiday\.mp4 \d+$/m);
	expect(Buffer.compare(await readFile(`${path}.copy`), await readFile(path))).toBe(0);
});

test("Node's goes there and back", async () => {
	const path = join(directory, "holiday.mp4");
	await writeRandomFile(path, 5_000_000);
	await thereAndBack(fixture.agent, fixture.canisterId.toText(), path);
	expect(Buffer.compare(await readFile(`${path}.copy`), await readFile(path))).toBe(0);
});

test("a release is seen at once", async () => {
	const blobs = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId });
	await blobs.upload(Uint8Array.of(1), { key: "site/index.html", visibility: "public" }).done;
	const done = await release(new Uint8Array(100_000), "<h1>New</h1>", blobs);
	expect(done.map(({ key }) => key)).toEqual(["site/film.mp4", "site/new.html", "archive/index.html"]);
	expect((await blobs.stat("site/film.mp4")).size).toBe(100_000);
});

test("a guest uploads by the grant that it shows", async () => {
	const guest = Ed25519KeyIdentity.generate();
	const { canisterId, network } = fixture;
	const blobs = new BlobClient({ agent: await network.agent(guest), canisterId });
	const until = new Date(Date.now() + 3_600_000);
	const host = new BlobClient({ agent: fixture.agent, canisterId });
	const grant = await invite(guest.getPrincipal(), until, host);
	await blobs.upload(Uint8Array.of(1), { key: "inbox/ann/a", visibility: "public" }).done;
	await host.admin.revokeGrant(grant);
	const refused = blobs.upload(Uint8Array.of(1), { key: "inbox/ann/b", visibility: "public" });
	await expect(refused.done).rejects.toMatchObject({ code: "not_authorized" });
});

test("the browser's uploads a File and has it back as a Blob", async () => {
	const path = join(directory, "cat.png");
	await writeRandomFile(path, 3_000_000);
	const script = (await bundleForPage({ text: ENTRY })).replaceAll("</script", "<\\/script");
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
	});
	try {
		const page = await browser.newPage();
		await page.setContent(`<input type="file"><progress></progress><script type="module">${script}</script>`);
		await page.setInputFiles("input", path);
		const seed = new Uint8Array(randomBytes(32));
		const who = Ed25519KeyIdentity.generate(seed).getPrincipal();
		ok(await fixture.store.blobs_grant_role({ id: newId(), who, role: { writer: null } }));
		const task = {
			host: fixture.network.url,
			canisterId: fixture.canisterId.toText(),
			rootKey: [...fixture.network.rootKey],
			seed: [...seed],
		};
		const back = await page.evaluate(
			(its) => (window as unknown as { run(task: unknown): Promise<string> }).run(its),
			task,
		);
		expect(Buffer.compare(Buffer.from(back, "base64"), await readFile(path))).toBe(0);
	} finally {
		await browser.close();
	}
});

/** The snippet with the few lines around it that make an agent. */
const ENTRY = `
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "canister-blobs";
import { uploadFrom } from ${JSON.stringify(join(root, "examples/readme/browser.ts"))};
window.run = async ({ host, canisterId, rootKey, seed }) => {
	const identity = Ed25519KeyIdentity.generate(Uint8Array.from(seed));
	const agent = await HttpAgent.create({ host, identity, rootKey: Uint8Array.from(rootKey) });
	const [input, bar] = [document.querySelector("input"), document.querySelector("progress")];
	const blob = await uploadFrom(input, bar, new BlobClient({ agent, canisterId }));
	if (bar.value !== 1) throw new Error("the bar ended at " + bar.value);
	const reader = new FileReader();
	return new Promise((resolve) => {
		reader.onload = () => resolve(reader.result.split(",")[1]);
		reader.readAsDataURL(blob);
	});
};
`;
