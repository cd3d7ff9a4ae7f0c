import { expect, test } from "vitest";
import { mode } from "../../src/client/account.js";
import { listPages } from "../../src/client/blobs/list.js";
import { stat } from "../../src/client/blobs/stat.js";
import type { ClientContext } from "../../src/client/context.js";
import { isBlobError } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import type { WireListPage, WireStatAnswer } from "../../src/protocol/index.js";
import { pseudoBytes } from "./support/memory-store.js";
import { ProvingStore } from "./support/proving.js";

/** Proofs of a store whose URLs have a prefix: its keys are under another label of the root. */

const ANONYMOUS = Uint8Array.of(4);
const KEYS = ["a", "a/b", "files/a", "z"];

async function storeFor(prefix: string | undefined) {
	const proving = new ProvingStore(prefix === undefined ? {} : { http: { prefix } });
	const { store } = proving;
	const items = KEYS.map((key) => ({ key, source: pseudoBytes(10), visibility: "public" as const }));
	expect(await startBatch(proving.context(), items, {}).done).toMatchObject({ uploaded: KEYS.length });
	store.host.sender = ANONYMOUS;
	store.calls.length = 0;
	const kinds = () => [...new Set(store.calls.map(({ kind, method }) => `${kind} ${method.slice(6)}`))];
	return { proving, store, kinds, context: proving.context() };
}

async function keysIn(context: ClientContext, prefix = ""): Promise<string[]> {
	const keys: string[] = [];
	for await (const entries of listPages(context, { prefix, pageSize: 2 }))
		for (const entry of entries) if (entry.type === "blob") keys.push(entry.blob.key);
	return keys;
}

const code = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);

test("C148 blobs, their absence and lists are proven by queries, as in a store without, and after each upgrade", async () => {
	const { context, kinds, store } = await storeFor("/files");
	for (const prefix of ["/files", undefined, "/api/files"]) {
		store.upgrade(prefix === undefined ? {} : { http: { prefix } });
		for (const key of KEYS) expect((await stat(context, key)).key).toBe(key);
		for (const key of ["b", "files", "files/b", "a/b/c", "zz", "0"])
			expect(await code(stat(context, key)), key).toBe("blob_not_found");
		expect(await keysIn(context)).toEqual(KEYS);
		expect(await keysIn(context, "files/")).toEqual(["files/a"]);
		expect(await keysIn(context, "none")).toEqual([]);
		expect(kinds().sort()).toEqual(["query list", "query stat"]);
	}
});

/** What a gateway is shown that asks for a path outside of the prefix: certified, and there are no keys in it. */
function witnessOf({ store, proving }: Awaited<ReturnType<typeof storeFor>>, url: string): Uint8Array {
	store.host.certificate = () => proving.certifier.certificate(proving.root);
	const reply = store.engine.http({ method: "GET", url, header: () => undefined }, true)!;
	const [, value] = reply.headers.find(([name]) => name === "ic-certificate")!;
	const text = typeof value === "string" ? value : Buffer.from(value).toString();
	return new Uint8Array(Buffer.from(/tree=:([^:]*):/.exec(text)![1]!, "base64"));
}

test("C148 that a path outside of the prefix has nothing does not prove a key absent", async () => {
	const setting = await storeFor("/files");
	const { proving, context, kinds } = setting;
	const witness = witnessOf(setting, "/a");
	proving.tamper = (call, answer) => {
		if (call.kind !== "query" || call.method !== "blobs_stat") return answer;
		return { ...(answer as WireStatAnswer), manifest: [], witness: [witness] };
	};
	// The subnet is asked instead, and says what is there.
	expect((await stat(context, "a")).key).toBe("a");
	expect(kinds()).toEqual(["query stat", "update stat"]);
});

test("C148 nor does it prove a list empty", async () => {
	const setting = await storeFor("/files");
	const witness = witnessOf(setting, "/a");
	setting.proving.tamper = (call, answer) => {
		if (call.method !== "blobs_list") return answer;
		return { ...(answer as WireListPage), entries: [], next: [], witness: [witness] };
	};
	expect(await code(keysIn(setting.context))).toBe("witness_invalid");
	expect(await code(keysIn(setting.context, "a/"))).toBe("witness_invalid");
});

test("C148 a client is told the prefix, and takes none that could change the host of a URL", async () => {
	const { proving, context } = await storeFor("/api/my files");
	expect((await mode(context)).urlPrefix).toBe("/api/my files");
	const { context: without } = await storeFor(undefined);
	expect((await mode(without)).urlPrefix).toBe("");
	for (const prefix of [
		".example.org",
		"//example.org",
		"@example.org",
		"\\\\example.org",
		"/\\example.org",
	]) {
		proving.tamper = (_, answer) => ({ ...(answer as object), http_prefix: [prefix] });
		const { urlPrefix } = await mode(context);
		for (const url of [
			`https://gate.example${urlPrefix}/a`,
			new URL(`${urlPrefix}/a`, "https://gate.example/"),
		])
			expect(new URL(url).host, prefix).toBe("gate.example");
	}
});
