import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { targetOf } from "../../src/cli/connect/target.js";
import { withEnvironment } from "../support/environment.js";

/** Stores by the names of a project's files, which lie as icp-cli 1.5.0 and dfx 0.29 write them. */

const ID = "7tjcv-pp777-77776-qaaaa-cai";
const LEDGER = "ryjl3-tyaaa-aaaaa-aaaba-cai";
/** In DER: what stands before every BLS key, and 96 bytes. */
const ROOT_KEY = `308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100${"ab".repeat(96)}`;
const ICP_YAML = `
canisters:
  - name: store
networks:
  - name: blobs
    mode: connected
    url: http://127.0.0.1:4943
    root-key: fetch
  - name: keyed
    mode: connected
    api-url: https://ic.example
    root-key: "${ROOT_KEY}"
  - name: mine
    mode: managed
    gateway: { bind: 127.0.0.1, port: 9000 }
environments:
  - name: dev
    network: blobs
`;

let directory: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-project-"));
	vi.spyOn(process, "cwd").mockReturnValue(join(directory, "src/deep"));
});
afterEach(async () => {
	vi.restoreAllMocks();
	await rm(directory, { recursive: true });
});

async function project(files: Readonly<Record<string, string | object>>): Promise<void> {
	for (const [name, content] of Object.entries(files)) {
		await mkdir(dirname(join(directory, name)), { recursive: true });
		await writeFile(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
	}
}
const target = (values: Partial<Parameters<typeof targetOf>[0]>) => targetOf({ local: false, ...values });

describe("without a project", () => {
	test("an id is on the mainnet, unless a host is named", async () => {
		expect(await target({ canister: ID })).toEqual({
			canisterId: ID,
			host: "https://icp-api.io",
			isLocal: false,
		});
		expect(await target({ canister: ID, host: "http://127.0.0.1:1", local: true })).toEqual({
			canisterId: ID,
			host: "http://127.0.0.1:1",
			isLocal: true,
		});
		const named = { CANISTER_BLOBS_CANISTER: ID, CANISTER_BLOBS_NETWORK: "local" };
		expect(await withEnvironment(named, () => target({}))).toEqual({
			canisterId: ID,
			host: "http://127.0.0.1:4943",
			isLocal: true,
		});
	});

	test.each<[object, RegExp]>([
		[{}, /which store\? Give --canister, or set CANISTER_BLOBS_CANISTER/],
		[
			{ canister: "store" },
			/"store" is not a canister id, and there is no icp\.yaml or dfx\.json here or above/,
		],
		[{ canister: ID.replace("qaaaa", "qaaab") }, /is not a canister id: its checksum does not match/],
		[{ canister: "store", host: "http://a" }, /a name is looked up only with --network or --environment/],
		[{ canister: ID, host: "http://a", network: "ic" }, /give one of them/],
		[{ canister: ID, network: "nowhere" }, /no network or environment "nowhere"; there are ic, local$/],
	])("%j is told as it is", async (values, message) => {
		await expect(target(values)).rejects.toThrow(message);
	});
});

describe("names of icp.yaml", () => {
	beforeEach(() =>
		project({
			"icp.yaml": ICP_YAML,
			".icp/data/mappings/dev.ids.json": { store: ID },
			".icp/data/mappings/ic.ids.json": { store: LEDGER },
			".icp/cache/mappings/local.ids.json": { store: LEDGER },
		}),
	);

	test("an environment has a network and ids of its own", async () => {
		const dev = { canisterId: ID, host: "http://127.0.0.1:4943", isLocal: true };
		expect(await target({ canister: "store", environment: "dev" })).toEqual(dev);
		expect(await target({ canister: "store" })).toEqual({
			canisterId: LEDGER,
			host: "https://icp-api.io",
			isLocal: false,
		});
		expect(await target({ canister: "store", network: "local" })).toEqual({
			canisterId: LEDGER,
			host: "http://127.0.0.1:8000",
			isLocal: true,
		});
	});

	test("a network: its root key as the file says, a managed one's port", async () => {
		expect(await target({ canister: ID, network: "keyed" })).toEqual({
			canisterId: ID,
			host: "https://ic.example",
			isLocal: false,
			rootKey: Uint8Array.from(Buffer.from(ROOT_KEY, "hex")),
		});
		expect(await target({ canister: ID, network: "mine" })).toMatchObject({
			host: "http://127.0.0.1:9000",
			isLocal: true,
		});
	});

	test("what it does not name is told, with what it does", async () => {
		await expect(target({ canister: "shop", environment: "dev" })).rejects.toThrow(
			/has no id for the canister "shop" on dev: deploy it there, or give its id/,
		);
		await expect(target({ canister: ID, environment: "prod" })).rejects.toThrow(
			/no network or environment "prod"; there are ic, local, dev, blobs, keyed, mine/,
		);
		await project({ "icp.yaml": "canisters: [" });
		await expect(target({ canister: "store" })).rejects.toThrow(/cannot read .*icp\.yaml/);
	});
});

test("a project's file says nothing about the mainnet, and is not read where nothing is asked of it", async () => {
	const ic = { name: "ic", mode: "connected", url: "http://127.0.0.1:1", "root-key": "fetch" };
	await project({
		"icp.yaml": JSON.stringify({ networks: [ic], environments: [{ name: "ic", network: "ic" }] }),
	});
	const mainnet = { canisterId: ID, host: "https://icp-api.io", isLocal: false };
	expect(await target({ canister: ID })).toEqual(mainnet);
	// By name the files are read, for the id.
	await project({
		"icp.yaml": JSON.stringify({
			networks: [{ ...ic, name: "mine" }],
			environments: [{ name: "ic", network: "mine" }],
		}),
		".icp/data/mappings/ic.ids.json": { store: ID },
	});
	expect(await target({ canister: "store" })).toEqual(mainnet);
	await project({ "icp.yaml": "{", "dfx.json": "{" });
	expect(await target({ canister: ID })).toEqual(mainnet);
	expect(await target({ canister: ID, host: "http://a" })).toMatchObject({ host: "http://a" });
	await expect(target({ canister: ID, host: "http://a:b@c" })).rejects.toThrow(/holds a password/);
});

test("names of dfx.json", async () => {
	await project({
		"dfx.json": {
			networks: {
				local: { type: "ephemeral" },
				staging: { providers: ["https://staging.example"], type: "persistent" },
			},
		},
		"canister_ids.json": { store: { ic: LEDGER, staging: ID } },
		".dfx/local/canister_ids.json": { store: { local: ID } },
	});
	expect(await target({ canister: "store", network: "ic" })).toMatchObject({
		canisterId: LEDGER,
		isLocal: false,
	});
	expect(await target({ canister: "store", network: "local" })).toEqual({
		canisterId: ID,
		host: "http://127.0.0.1:4943",
		isLocal: true,
	});
	expect(await target({ canister: "store", network: "staging" })).toEqual({
		canisterId: ID,
		host: "https://staging.example",
		isLocal: true,
	});
});

test("the local network that runs in the folder, by its port and the names of what it installed", async () => {
	const [url, local] = ["http://127.0.0.1:40123", { network: "local" }];
	const running = (network: object) => project({ ".canister-blobs/network.json": network });
	const store = { name: "store", id: ID };
	const both = [store, { name: "other", id: LEDGER }];
	await running({ pid: process.pid, url, canisters: both });
	const there = { canisterId: ID, host: url, isLocal: true };
	expect(await target({ ...local, canister: "store" })).toEqual(there);
	expect(await target({ ...local, canister: ID })).toEqual(there);
	await expect(target(local)).rejects.toThrow(/which store/);
	await running({ pid: process.pid, url, canisters: [store] });
	expect(await target(local)).toEqual(there);
	await expect(target({})).rejects.toThrow(/which store/);
	// A note of a process that died, and one that leads away from this machine, are none.
	const usual = { canisterId: ID, host: "http://127.0.0.1:4943", isLocal: true };
	for (const note of [
		{ pid: 2 ** 22 + 1, url, canisters: both },
		{ pid: process.pid, url: "http://evil.example:80", canisters: both },
	]) {
		await running(note);
		expect(await target({ ...local, canister: ID })).toEqual(usual);
	}
});
