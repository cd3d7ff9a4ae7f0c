import type { Principal } from "@dfinity/principal";
import { type BlobStoreClass, createBlobStore, type StoreGrant } from "canister-blobs/canister";
import { jsSha256 } from "canister-blobs/canister/js-sha256";
import { createNetwork, type Fault, type Refusal } from "canister-blobs/localnet";
import {
	BlobClient,
	type DownloadedFile,
	filesIn,
	fromPath,
	type RandomAccessSource,
	toFile,
	type UploadDirectoryResult,
} from "canister-blobs/node";
import { expectTypeOf, test } from "vitest";

/** Compiled by `npm run check`, never run: Node's files, the canister's options, the local network's conditions. */

declare const client: BlobClient;

test("files are sources and targets", async () => {
	expectTypeOf(await fromPath("a")).toEqualTypeOf<RandomAccessSource | AsyncIterable<Uint8Array>>();
	client.uploadMany((await filesIn(".")).files);
	expectTypeOf(await toFile(client.download("a"), "b", { resume: false })).toEqualTypeOf<DownloadedFile>();
	client.upload("a", { key: "a" });
	client.upload(new URL("file:///a"), { key: "a" });
	client.uploadMany([{ key: "a", source: "a" }]);
	expectTypeOf(
		await client.uploadDirectory(".", { exclude: "*.tmp" }).done,
	).toEqualTypeOf<UploadDirectoryResult>();
	expectTypeOf(await client.downloadTo("a", "b", { resume: false })).toEqualTypeOf<DownloadedFile>();
	// @ts-expect-error: what is not open yet is no source
	client.upload(fromPath("a"), { key: "a" });
	// @ts-expect-error: without an agent
	new BlobClient({ canisterId: "aaaaa-aa" });
});

test("a store is a class, made with options that it knows", () => {
	const store = createBlobStore({ memoryOffset: 10, ownLifecycle: true });
	expectTypeOf(store).toEqualTypeOf<BlobStoreClass>();
	expectTypeOf(store.ruleChanged()).toEqualTypeOf<void>();
	expectTypeOf(store.ruleChanged).parameter(0).toEqualTypeOf<Principal | undefined>();
	expectTypeOf(store.grantsOf).returns.toEqualTypeOf<StoreGrant[]>();
	// @ts-expect-error: a grant is for a prefix
	store.grant({} as never, { role: "writer" });
	createBlobStore({ sha256: jsSha256, authorize: ({ action }) => (action === "read" ? true : undefined) });
	// @ts-expect-error: beside other classes the memory ids must be chosen
	createBlobStore({ ownLifecycle: true });
	// @ts-expect-error: no such option
	createBlobStore({ memoryIds: 10 });
	// @ts-expect-error: the rule must not await: what a message does, it does wholly
	createBlobStore({ authorize: async () => true });
});

test("a refusal is by chance or by count", () => {
	const refusals: Refusal[] = [
		{ status: 429, probability: 0.5, retryAfterSeconds: 1 },
		{ status: 503, every: 3, kinds: ["query"] },
		// @ts-expect-error: not both
		{ status: 429, probability: 0.5, every: 3 },
		// @ts-expect-error: not neither
		{ status: 429 },
		// @ts-expect-error: a host that is busy says nothing else
		{ status: 404, every: 3 },
	];
	createNetwork({ conditions: { profile: "mainnet", refusals } });
	// @ts-expect-error: no such profile
	createNetwork({ conditions: "moon" });
});

test("a request meets one fault", () => {
	const faults: Fault[] = [
		"lost",
		{ delayMs: 5 },
		{ reject: 4, message: "no" },
		{ status: 503, retryAfter: 1 },
	];
	// @ts-expect-error: no such fault
	faults.push("forgotten");
	// @ts-expect-error: it cannot be rejected and answered
	faults.push({ reject: 4, status: 503 });
	// @ts-expect-error: what comes later is not answered in its place
	faults.push({ delayMs: 5, status: 503 });
	// @ts-expect-error: a reject code of the specification
	faults.push({ reject: 9 });
});
