import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Principal } from "@dfinity/principal";
import { describe, expect, it, test } from "vitest";
import * as backups from "../../src/backup/index.js";
import * as node from "../../src/client/node/index.js";
import { BlobOwners } from "../../src/client/owners/index.js";
import * as encryption from "../../src/encryption/index.js";
import * as http from "../../src/http/index.js";
import * as localnet from "../../src/localnet/index.js";
import { MemoryStore } from "./support/memory-store.js";
import { virtualPorts } from "./support/ports.js";
import { failure, upload } from "./support/transfers.js";

/** Wrong arguments at the entry points beside the browser's client: each error is typed, and names the argument. */

// biome-ignore lint/suspicious/noExplicitAny: callers without types
type Untyped = any;

const directory = mkdtempSync(join(tmpdir(), "canister-blobs-untyped-"));
const agent = {
	host: new URL("http://127.0.0.1:1"),
	config: { fetch: () => Promise.reject(new Error("nothing is asked of a network")) },
	getPrincipal: async () => Principal.anonymous(),
};
const client = (): Untyped =>
	new node.BlobClient({
		agent,
		canisterId: "aaaaa-aa",
		retry: { maxAttempts: 1 },
		ports: virtualPorts(),
	} as Untyped);

/** What a call ends with, at once or later. */
async function end(call: () => unknown): Promise<unknown> {
	try {
		const result = call() as Untyped;
		if (result instanceof node.Download) return failure(result.bytes());
		if (result instanceof node.Transfer) return failure(result.done);
		return typeof result?.next === "function"
			? await failure(result.next())
			: await result.then(
					() => {},
					(e: unknown) => e,
				);
	} catch (error) {
		return error;
	}
}

const path = join(directory, "file");
const key = "a";
const repository = {} as Untyped;
const untyped = { ...backups, ...encryption, ...http, ...localnet } as Untyped;
const master = () => encryption.MasterKey.random();

const wrong: [name: string, call: () => unknown, option: string][] = [
	["uploadDirectory, options", () => client().uploadDirectory(directory, null), "options"],
	["uploadDirectory, include", () => client().uploadDirectory(directory, { include: null }), "include"],
	["uploadDirectory, exclude", () => client().uploadDirectory(directory, { exclude: [1] }), "exclude"],
	["uploadDirectory, directory", () => client().uploadDirectory(null), "directory"],
	["downloadTo, options", () => client().downloadTo(key, path, null), "options"],
	["downloadTo, path", () => client().downloadTo(key, null), "path"],
	["downloadTo, reuse", () => client().downloadTo(key, path, { reuse: null }), "reuse"],
	["toFile, options", () => node.toFile(client().download(key), path, null as Untyped), "options"],
	["toFile, download", () => node.toFile(null as Untyped, path), "download"],
	["filesIn, options", () => node.filesIn(directory, null as Untyped), "options"],
	["filesIn, filter", () => node.filesIn(directory, { filter: null as Untyped }), "filter"],
	["fromReadable", () => node.fromReadable(null as Untyped), "readable"],
	["fileSessions", () => node.fileSessions(null as Untyped), "directory"],
	["list, options", () => client().list(null), "options"],
	["batch, options", () => client().batch([], null), "options"],
	["admin, options", () => client().admin.statistics(null), "options"],
	["a listener of a client", () => client().on("request", null), "listener"],
	[
		"a listener of a transfer",
		() => upload(new MemoryStore().context(), new Uint8Array(1)).on("progress", 1 as Untyped),
		"listener",
	],
	["a listener of a download", () => client().download(key).on("progress", {}), "listener"],
	["owners, a client", () => new BlobOwners(null as Untyped), "client"],
	["owners, options", () => new BlobOwners(client()).list(null as Untyped), "options"],
	["backup, options", () => untyped.backup(repository, null), "options"],
	["backup, a client", () => untyped.backup(repository, { canister: "aaaaa-aa" }), "client"],
	[
		"backup, a listener",
		() => untyped.backup(repository, { client: client(), canister: "a", onNote: 1 }),
		"onNote",
	],
	["copy, options", () => untyped.copy(repository, repository, null), "options"],
	["restore, options", () => untyped.restore(repository, "id", directory, null), "options"],
	["restore, prefix", () => untyped.restore(repository, "id", directory, { prefix: null }), "prefix"],
	["restoreStore, options", () => untyped.restoreStore(repository, "id", client(), null), "options"],
	["verify, options", () => untyped.verify(repository, null), "options"],
	["repair, options", () => untyped.repair(repository, null), "options"],
	["prune, options", () => untyped.prune(repository, null), "options"],
	["prune, misspelt", () => untyped.prune(repository, { dryrun: true }), "dryrun"],
	["forget, options", () => untyped.forget(repository, null), "options"],
	["keptBy, rules", () => untyped.keptBy(null, []), "rules"],
	["exportDirectory, options", () => untyped.exportDirectory(repository, "id", directory, null), "options"],
	["exportTar, options", () => untyped.exportTar(repository, "id", new WritableStream(), null), "options"],
	["Repository.open", () => untyped.Repository.open(new backups.DirectorySink(directory), null), "options"],
	["Repository.init", () => untyped.Repository.init(null), "sink"],
	["DirectorySink", () => new untyped.DirectorySink(null), "path"],
	["CanisterSink", () => new untyped.CanisterSink(null), "options"],
	[
		"backup, a client that is none",
		() => untyped.backup(repository, { client: {}, canister: "a" }),
		"client",
	],
	["verify, a client that is none", () => untyped.verify(repository, { client: {} }), "client"],
	["repair, a repository that is none", () => untyped.repair(repository, { from: {} }), "from"],
	[
		"CanisterSink, a client that is none",
		() => new untyped.CanisterSink({ client: {}, name: "a" }),
		"client",
	],
	["Repository.open, a sink that is none", () => untyped.Repository.open({}), "sink"],
	["S3Sink", () => new untyped.S3Sink({ endpoint: "nowhere" }), "bucket"],
	["Encryption.of", () => untyped.Encryption.of(null), "options"],
	["Encryption.of, a key", () => untyped.Encryption.of({ masterKey: new Uint8Array(32) }), "masterKey"],
	["KeyFile.wrap, a key", () => untyped.KeyFile.wrap(null, {}), "master"],
	["KeyFile.wrap, a holder", async () => untyped.KeyFile.wrap(await master(), null), "holder"],
	["BlobHandler", () => new untyped.BlobHandler(null), "options"],
	["BlobHandler, a cache", () => new untyped.BlobHandler({ client: client(), cache: null }), "cache"],
	["BlobLinks", () => new untyped.BlobLinks(null), "options"],
	["BlobLinks, secrets", () => new untyped.BlobLinks({ canisterId: "aaaaa-aa", secrets: [null] }), "secrets"],
	["createNetwork", () => untyped.createNetwork(null), "options"],
	["createNetwork, conditions", () => untyped.createNetwork({ conditions: null }), "conditions"],
	["createNetwork, a listener", () => untyped.createNetwork({ onBlock: {} }), "onBlock"],
];

it.each(wrong)("%s", async (_, call, option) => {
	const error = (await end(call)) as Untyped;
	expect(error, error?.stack).toMatchObject({ code: "option_invalid", details: { option } });
	expect(error.message).toContain(option);
});

describe("whatever is called with whatever", () => {
	const values = [undefined, null, 7, "x", {}, [], () => {}];
	const methodsOf = (type: { prototype: object }) =>
		Object.getOwnPropertyNames(type.prototype).filter((name) => name !== "constructor");

	it.each(methodsOf(node.BlobClient))("Node's %s fails with a BlobError", async (method) => {
		for (const first of values)
			for (const second of values) {
				const error = await end(() => client()[method](first, second, second));
				if (error !== undefined) expect(node.isBlobError(error), `${error}`).toBe(true);
			}
	});

	it.each(methodsOf(BlobOwners))("%s of owners fails with a BlobError", async (method) => {
		for (const first of values)
			for (const second of values) {
				const owners = new BlobOwners(client()) as Untyped;
				const error = await end(() => owners[method](first, second, second));
				expect(node.isBlobError(error), `${method}: ${error}`).toBe(true);
			}
	});
});

test("a URL that names no file here fails as the source that it is", async () => {
	for (const url of ["file://elsewhere/a", "file:///a%2Fb"]) {
		const error = await failure(client().upload(new URL(url), { key }).done);
		expect(node.isBlobError(error, "source_invalid") && error.message, url).toContain(url);
	}
});

test("what a network installs is checked before a canister is made", async () => {
	await using network = await localnet.createNetwork({ signatures: "test" });
	for (const [call, option] of [
		[() => network.install(null as Untyped), "wasm"],
		[() => network.install(new Uint8Array(1), null as Untyped), "options"],
		[() => network.agent(null as Untyped), "identity"],
		[() => network.setConditions(null as Untyped), "conditions"],
	] as const)
		expect(await end(call)).toMatchObject({ code: "option_invalid", details: { option } });
});

test("listeners that throw, and one that is none, leave a transfer alone", async () => {
	const transfer = upload(new MemoryStore().context(), new Uint8Array(1));
	expect(() => transfer.on("progress", null as Untyped)).toThrow(/listener.*must be a function/);
	await transfer.done;
});
