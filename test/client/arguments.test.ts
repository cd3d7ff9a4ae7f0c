import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { Administration } from "../../src/client/administration/index.js";
import {
	BlobClient,
	type BlobClientOptions,
	Download,
	isBlobError,
	Transfer,
} from "../../src/client/index.js";
import { virtualPorts } from "./support/ports.js";
import { failure } from "./support/transfers.js";

/** Wrong arguments of callers in JavaScript, which has no types. */

const anonymous = Principal.anonymous();
const agent = {
	host: new URL("http://127.0.0.1:1"),
	config: { fetch: () => Promise.reject(new Error("nothing is asked of a network")) },
	getPrincipal: async () => anonymous,
};
const options = { agent, canisterId: "aaaaa-aa", retry: { maxAttempts: 1 }, ports: virtualPorts() };
// biome-ignore lint/suspicious/noExplicitAny: callers without types
type Untyped = any;
const withIdentity = (identity: () => unknown) => ({
	...agent,
	config: {
		...agent.config,
		get identity() {
			return identity();
		},
	},
});
const client = (more: object = {}): Untyped => new BlobClient({ ...options, ...more } as BlobClientOptions);

/** What a call ends with, and that it ends so later, not at once. */
async function end(call: () => unknown): Promise<unknown> {
	const result = call();
	if (result instanceof Download) return failure(result.bytes());
	if (result instanceof Transfer) return failure(result.done);
	if (typeof (result as AsyncGenerator).next === "function")
		return failure((result as AsyncGenerator).next());
	return failure(result as Promise<unknown>);
}

const version = { sequence: 1n, canisterVersion: 1n };
const wrong: [name: string, call: (client: Untyped) => unknown, option: string][] = [
	["no key", (c) => c.stat(), "key"],
	["a key that is no text", (c) => c.delete(7), "key"],
	["no options of an upload", (c) => c.upload(new Uint8Array(1)), "options"],
	["an upload without a key", (c) => c.upload(new Uint8Array(1), {}), "key"],
	[
		"an option in the wrong case",
		(c) => c.upload(new Uint8Array(1), { key: "a", contenttype: "a/b" }),
		"contenttype",
	],
	["an option that there is not", (c) => c.stat("a", { fresh: true }), "fresh"],
	["options that are a text", (c) => c.stat("a", "certified"), "options"],
	["an option of another type", (c) => c.stat("a", { trust: 1 }), "trust"],
	[
		"a case that there is not",
		(c) => c.upload(new Uint8Array(1), { key: "a", visibility: "Public" }),
		"visibility",
	],
	["a precondition that is a number", (c) => c.delete("a", { ifMatch: 3 }), "ifMatch"],
	[
		"two conditions",
		(c) => c.upload(new Uint8Array(1), { key: "a", ifMatch: version, ifNoneMatch: "*" }),
		"ifNoneMatch",
	],
	["half a version", (c) => c.delete("a", { ifMatch: { sequence: 3n } }), "ifMatch"],
	["metadata of numbers", (c) => c.update("a", { metadata: { n: 1 } }), "metadata"],
	["no options of an update", (c) => c.update("a"), "options"],
	["a signal that is none", (c) => c.list({ signal: {} }), "signal"],
	["no target of a copy", (c) => c.copy("a"), "to"],
	["items that are none", (c) => c.uploadMany(7), "items"],
	["keys that are none", (c) => c.deleteMany(), "keys"],
	["a target that is undefined", (c) => c.download(), "target"],
	["a reference without a root", (c) => c.download({ key: "a" }), "root"],
	["a misspelt option of a download", (c) => c.download("a", { ranges: {} }), "ranges"],
	["a misspelt option of a buffer", (c) => c.download("a").bytes({ max: 1 }), "max"],
	["a role that there is not", (c) => c.admin.grantRole("aaaaa-aa", "owner"), "role"],
	["no principal", (c) => c.admin.revokeRole(undefined, "reader"), "who"],
	["a text that is no principal", (c) => c.account("nobody"), "who"],
	["a mode that there is not", (c) => c.admin.setMode("Live", 1n), "mode"],
	["a generation that is a number", (c) => c.admin.setMode("live", 1), "generation"],
	["half a quota", (c) => c.admin.setQuota("aaaaa-aa", { blobs: 1 }), "quota.openUploads"],
	["an id that is a text", (c) => c.abortUpload("id"), "id"],
	["a page that is not a number", (c) => c.changes({ pageSize: "9" }), "pageSize"],
];

describe("a wrong argument", () => {
	it.each(wrong)("is named: %s", async (_, call, option) => {
		const error = await end(() => call(client()));
		expect(error).toMatchObject({ code: "option_invalid", action: "fix", details: { option } });
	});

	it("of a client is named, too", () => {
		for (const [more, option] of [
			[{ agent: undefined }, "agent"],
			[{ canisterId: undefined }, "canisterId"],
			[{ canisterID: "aaaaa-aa" }, "canisterID"],
			[{ retry: { attempts: 3 } }, "attempts"],
			[{ concurrency: 3 }, "concurrency"],
			[{ concurrency: { upload: 3 } }, "upload"],
			[{ minConcurrency: { downloads: "3" } }, "downloads"],
			[{ requestTimeoutMs: 2 ** 31 }, "requestTimeoutMs"],
			[{ chunkBytes: "1 MiB" }, "chunkBytes"],
			[{ agent: { host: agent.host } }, "agent"],
			[{ agent: { ...agent, host: "http://127.0.0.1:1" } }, "agent"],
			[{ agent: { ...agent, rootKey: new Uint8Array(3) } }, "agent.rootKey"],
			[{ agent: { ...agent, rootKey: "aa" } }, "agent.rootKey"],
			[{ identity: {} }, "identity"],
			[{ identity: { getPrincipal: () => anonymous } }, "identity"],
			[{ encryption: {} }, "encryption"],
			[{ sessions: {} }, "sessions"],
		] as const)
			expect(() => client(more)).toThrow(
				expect.objectContaining({ details: expect.objectContaining({ option }) }),
			);
		expect(() => new (BlobClient as Untyped)()).toThrow(expect.objectContaining({ code: "option_invalid" }));
	});

	it("of a transfer that goes on is named, and leaves it as it was", async () => {
		const transfer = client().upload(new Uint8Array(1), { key: "a" });
		transfer.pause();
		for (const [more, option] of [
			[{}, "agent"],
			[{ agent: {} }, "agent"],
			[{ agent: { ...agent, rootKey: new Uint8Array(3) } }, "agent.rootKey"],
			[{ agent, identity: {} }, "identity"],
		] as const)
			expect(await failure(transfer.resume(more))).toMatchObject({ details: { option } });
		expect(transfer.state).toBe("paused");
		await failure(Promise.all([transfer.done, transfer.abort()]));
	});

	it("is corrected where only its case is wrong", async () => {
		const error = await end(() => client().upload(new Uint8Array(1), { key: "a", contenttype: "a/b" }));
		expect(isBlobError(error) && error.message).toContain("use contentType");
	});

	it("fails one item of many, and names it", async () => {
		const identity = {
			getPrincipal: () => Principal.fromText("aaaaa-aa"),
			transformRequest: async () => undefined,
		};
		const items = [
			{ source: new Uint8Array(1) },
			null,
			{ key: "a", source: new Uint8Array(1), Metadata: {} },
		];
		const { items: files } = await client({ identity }).uploadMany(items).done;
		expect(files.map(({ error }: Untyped) => error.details.option)).toEqual(["key", "items", "Metadata"]);
		const keys = [{ ifMatch: version }, null, { key: "a", version }];
		const { items: deleted } = await client({ identity }).deleteMany(keys).done;
		expect(deleted.map(({ error }: Untyped) => error.details.option)).toEqual(["key", "keys", "version"]);
	});
});

describe("an identity that cannot be used", () => {
	const unusable = new Error("the sign-in was cancelled");
	const bad = { getPrincipal: () => ({}), transformRequest: async () => undefined };
	const fails = () => {
		throw unusable;
	};
	it.each<[string, object]>([
		["of an agent whose promise of one rejects", { agent: withIdentity(() => Promise.reject(unusable)) }],
		["of an agent that throws at once", { agent: { ...agent, getPrincipal: fails } }],
		["of an agent that says nothing", { agent: { ...agent, getPrincipal: async () => undefined } }],
		["of an agent, without a method", { agent: withIdentity(() => ({})) }],
		["without the bytes of its principal", { identity: bad }],
		["that throws", { identity: { ...bad, getPrincipal: fails } }],
	])("is said to be so: %s", async (_, more) => {
		for (const call of [
			(c: Untyped) => c.stat("a"),
			(c: Untyped) => c.list(),
			(c: Untyped) => c.upload(new Uint8Array(1), { key: "a" }),
			(c: Untyped) => c.account(),
		])
			expect(await end(() => call(client(more)))).toMatchObject({
				code: "identity_unusable",
				action: "fix",
				cause: expect.any(Error),
			});
	});
});

describe("whatever is called with whatever", () => {
	const values = [undefined, null, 7, "x", {}, [], Number.NaN, 1n, () => {}];
	// What subscribes is no call.
	const methods = Object.getOwnPropertyNames(BlobClient.prototype).filter(
		(name) => !["constructor", "admin", "on"].includes(name),
	);

	it.each(methods)("%s never throws at once, and fails with a BlobError", async (method) => {
		for (const first of values)
			for (const second of values) {
				const error = await end(() => client()[method](first, second, second));
				// An empty list of items is uploaded by nobody.
				if (error !== undefined) expect(isBlobError(error), `${method}: ${error}`).toBe(true);
			}
	});

	const administration = Object.getOwnPropertyNames(Administration.prototype).filter(
		(name) => name !== "constructor",
	);
	it("admin has every method of administration, and none more", () => {
		expect(Object.keys(client().admin).sort()).toEqual([...administration].sort());
	});

	it.each(administration)("admin.%s never throws at once, and fails with a BlobError", async (method) => {
		for (const first of values)
			for (const second of values) {
				const error = await end(() => client().admin[method](first, second, second));
				expect(isBlobError(error), `${method}: ${error}`).toBe(true);
			}
	});
});
