import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, copyFile, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/**
 * npm run test:icp: icp-cli, as npm has it, on `canister-blobs network` as a connected network, with the project of
 * examples/store. Linux on x64 only, and it needs the registry: not part of `npm test`.
 */

const PACKAGE = "@icp-sdk/icp-cli-linux-x64@1.5.0";
const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "canister-blobs-icp-"));
const project = join(folder, "project");
const environment = { ...process.env, ICP_HOME: join(folder, "home"), DO_NOT_TRACK: "1" };
const binary = join(folder, "node_modules/@icp-sdk/icp-cli-linux-x64/bin/icp");
const ME = ["--identity", "me"];
const DEV = ["-e", "dev", ...ME];
let failed = 0;

/** What icp prints; where it fails, that it failed and why. */
async function icp(...args: string[]): Promise<string> {
	const done = run(binary, args, { cwd: project, env: environment, maxBuffer: 1 << 26 });
	const { stdout, stderr } = await done.catch((error) => error as { stdout: string; stderr: string });
	const outcome = await done.then(
		() => "",
		() => "FAILED\n",
	);
	return `${outcome}${stdout}${stderr}`;
}

async function check(what: string, said: Promise<string>, wanted: RegExp): Promise<string> {
	const text = await said;
	const isRight = wanted.test(text) && (/FAILED/.test(wanted.source) || !text.startsWith("FAILED"));
	if (!isRight) failed++;
	console.log(`${isRight ? "ok    " : "FAILED"} ${what}${isRight ? "" : `:\n${text}`}`);
	return text;
}

async function balance(): Promise<bigint> {
	const [, digits = "0"] =
		/Balance: ([\d_]+) cycles/.exec(await icp("cycles", "balance", "-n", "blobs", ...ME)) ?? [];
	return BigInt(digits.replaceAll("_", ""));
}

/** The example as it is, in a folder where `npx canister-blobs` is this package. */
async function makeProject(url: string): Promise<void> {
	const modules = join(project, "node_modules");
	await mkdir(join(modules, ".bin"), { recursive: true });
	for (const name of await readdir(join(root, "node_modules")))
		if (!name.startsWith(".")) await symlink(join(root, "node_modules", name), join(modules, name));
	await symlink(root, join(modules, "canister-blobs"));
	await symlink(join(root, "dist/bin/main.js"), join(modules, ".bin/canister-blobs"));
	for (const name of ["dfx.json", "icp.yaml", "index.ts", "tsconfig.json"])
		await copyFile(join(root, "examples/store", name), join(project, name));
	const added = [
		"networks:",
		"  - name: blobs",
		"    mode: connected",
		`    url: ${url}`,
		"    root-key: fetch",
		"environments:",
		"  - name: dev",
		"    network: blobs",
		"    canisters: [store]",
	];
	await appendFile(join(project, "icp.yaml"), `\n${added.join("\n")}\n`);
}

async function startNetwork(): Promise<{ child: ChildProcess; url: string }> {
	const child = spawn(process.execPath, [join(root, "dist/bin/main.js"), "network", "--json"], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
	return { child, url: JSON.parse(line).url };
}

let network: ChildProcess | undefined;
try {
	await run("npm", ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", PACKAGE]);
	const started = await startNetwork();
	network = started.child;
	await makeProject(started.url);
	await check("identity new", icp("identity", "new", "me", "--storage", "plaintext"), /./);

	await check("network ping", icp("network", "ping", "blobs"), /healthy/);
	await check(
		"cycles balance",
		icp("cycles", "balance", "-n", "blobs", ...ME),
		/1_000_000_000_000_000 cycles/,
	);
	await check("canister create", icp("canister", "create", "store", ...DEV), /7tjcv-pp777-77776-qaaaa-cai/);
	await check(
		"deploy: builds and installs examples/store",
		icp("deploy", "-y", ...DEV),
		/Deployed canisters/,
	);
	await check("deploy again: upgrades it", icp("deploy", "-y", ...DEV), /All canisters already exist/);
	await check(
		"canister status",
		icp("canister", "status", "store", ...DEV),
		/Status: Running[\s\S]*Module hash: 0x/,
	);
	const variable = /PUBLIC_CANISTER_ID:store: 7tjcv-pp777-77776-qaaaa-cai/;
	await check("canister settings show", icp("canister", "settings", "show", "store", ...DEV), variable);
	const change = ["--freezing-threshold", "100d", "--log-visibility", "public", "-f"];
	await check(
		"canister settings update",
		icp("canister", "settings", "update", "store", ...change, ...DEV),
		/^/,
	);
	const shown = /Freezing threshold: 8_640_000[\s\S]*Log visibility: Public/;
	await check("  and shows it", icp("canister", "settings", "show", "store", ...DEV), shown);
	await check(
		"canister metadata",
		icp("canister", "metadata", "store", "candid:service", ...DEV),
		/blobs_put_chunk/,
	);
	await check("canister logs", icp("canister", "logs", "store", ...DEV), /^/);

	const before = await balance();
	await check("canister top-up", icp("canister", "top-up", "store", "--amount", "3t", ...DEV), /Topped up/);
	await check(
		"  takes the amount and a fee",
		balance().then((now) => String(before - now)),
		/^3000100000000$/,
	);
	const receiver = "rdmx6-jaaaa-aaaaa-aaadq-cai";
	await check(
		"cycles transfer",
		icp("cycles", "transfer", "2t", receiver, "-n", "blobs", ...ME),
		/Transferred/,
	);

	await check("canister stop", icp("canister", "stop", "store", ...DEV), /^/);
	const taken = await check(
		"canister snapshot create",
		icp("canister", "snapshot", "create", "store", ...DEV),
		/Created snapshot [0-9a-f]+/,
	);
	const [, snapshot = ""] = /Created snapshot ([0-9a-f]+)/.exec(taken) ?? [];
	await check(
		"canister snapshot list",
		icp("canister", "snapshot", "list", "store", ...DEV),
		new RegExp(snapshot),
	);
	await check(
		"canister snapshot restore",
		icp("canister", "snapshot", "restore", "store", snapshot, ...DEV),
		/Restored/,
	);
	await check("canister start", icp("canister", "start", "store", ...DEV), /^/);

	await check(
		"canister create of one without a project",
		icp("canister", "create", "--detached", "-n", "blobs", ...ME),
		/Created canister with ID/,
	);
	await check(
		"a canister that its cycles do not pay for is refused",
		icp("canister", "create", "--detached", "-n", "blobs", "--cycles", "100b", ...ME),
		/^FAILED[\s\S]*requires a fee of 500000000000/,
	);
	await check(
		"cycles mint is refused by name: there is no ICP",
		icp("cycles", "mint", "--cycles", "1t", "-n", "blobs", ...ME),
		/^FAILED[\s\S]*'get_icp_xdr_conversion_rate' in this local network/,
	);
	await check(
		"canister delete: its cycles come back",
		icp("canister", "delete", "store", ...DEV),
		/Recovered \d+/,
	);
} finally {
	network?.kill("SIGTERM");
	if (network) await once(network, "close");
	await rm(folder, { recursive: true, force: true });
}
if (failed > 0) process.exitCode = 1;
