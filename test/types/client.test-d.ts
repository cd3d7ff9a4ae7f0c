import type {
	AbortOptions,
	AgentLike,
	AnyBlobError,
	AskOptions,
	BatchBroken,
	BlobClient,
	BlobClientOptions,
	BlobErrorOf,
	BlobRef,
	BytesOptions,
	Change,
	ChangesOptions,
	DeleteManyResult,
	DeleteOptions,
	Download,
	DownloadOptions,
	ErrorCode,
	Grant,
	GrantedTerms,
	GrantName,
	GrantTerms,
	IdentityLike,
	ItemDeleted,
	ItemFailed,
	ItemResult,
	ItemUploaded,
	ListEntry,
	ListOptions,
	Manifest,
	MoveOptions,
	OfferName,
	PerDirection,
	PrincipalText,
	Progress,
	Quota,
	RetryEvent,
	RetryOptions,
	StagedBatch,
	Statistics,
	StatOptions,
	StoreMode,
	Transfer,
	TransferState,
	UpdateOptions,
	UploadItem,
	UploadManyOptions,
	UploadManyProgress,
	UploadManyResult,
	UploadOptions,
	UploadProgress,
	Version,
} from "canister-blobs";
import {
	BlobOwners,
	type Link,
	type Offer,
	type Removed,
	type RightsChange,
	type Taken,
} from "canister-blobs/owners";
import { describe, expectTypeOf, test } from "vitest";

/** Compiled by `npm run check`, never run: what the client takes, what it answers, and what it refuses. */

declare const client: BlobClient;
declare const bytes: Uint8Array;
declare const ref: BlobRef;
declare const manifest: Manifest;
declare const agent: AgentLike;
declare const identity: IdentityLike;

describe("what is answered", () => {
	test("an upload has a promise of its manifest, is none, and is iterated for its progress", async () => {
		const transfer = client.upload(bytes, { key: "a" });
		// Or an async function that returns it would lose the handle.
		expectTypeOf(transfer).not.toExtend<PromiseLike<unknown>>();
		expectTypeOf(transfer).toEqualTypeOf<Transfer<Manifest, UploadProgress>>();
		expectTypeOf(await transfer.done).toEqualTypeOf<Manifest>();
		expectTypeOf(await transfer.done.catch(() => undefined)).toEqualTypeOf<Manifest | undefined>();
		for await (const progress of transfer) expectTypeOf(progress).toEqualTypeOf<UploadProgress>();
		expectTypeOf(transfer.progress.total).toEqualTypeOf<number | undefined>();
	});

	test("each event brings what belongs to it", () => {
		const transfer = client.upload(bytes, { key: "a" });
		transfer.on("progress", (value) => expectTypeOf(value).toEqualTypeOf<UploadProgress>());
		transfer.on("state", (value) => expectTypeOf(value).toEqualTypeOf<TransferState>());
		transfer.on("retry", (value) => expectTypeOf(value).toEqualTypeOf<RetryEvent>());
		transfer.on("error", (value) => {
			if (value.code === "identity_expired") expectTypeOf(value.details.expiredAt).toEqualTypeOf<Date>();
		});
		// @ts-expect-error: no such event
		transfer.on("end", () => {});
		// @ts-expect-error: another event's value
		transfer.on("state", (value: UploadProgress) => value);
	});

	test("many files have a result and a progress of their own", async () => {
		const transfer = client.uploadMany([{ key: "a", source: bytes }]);
		transfer.on("progress", (value) => expectTypeOf(value).toEqualTypeOf<UploadManyProgress>());
		const result = await transfer.done;
		expectTypeOf(result).toEqualTypeOf<UploadManyResult>();
		const narrow = (file: ItemResult<ItemUploaded>) => {
			if (file.status === "failed") {
				expectTypeOf(file.error).toEqualTypeOf<AnyBlobError>();
				// @ts-expect-error: what failed has none
				file.manifest;
			} else {
				expectTypeOf(file.manifest).toEqualTypeOf<Manifest>();
				// @ts-expect-error: what is stored has none
				file.error;
			}
		};
		result.items.forEach(narrow);
	});

	test("entries of a list narrow by their type", () => {
		const narrow = (entry: ListEntry) => {
			if (entry.type === "blob") expectTypeOf(entry.blob).toEqualTypeOf<Manifest>();
			else expectTypeOf(entry.path).toEqualTypeOf<string>();
			// @ts-expect-error: a directory has none
			entry.blob;
		};
		expectTypeOf(client.list()).toEqualTypeOf<AsyncGenerator<ListEntry>>();
		expectTypeOf(narrow).parameter(0).toEqualTypeOf<ListEntry>();
	});

	test("changes narrow by their type, all of them", () => {
		const narrow = (change: Change): string => {
			expectTypeOf(change.by).toEqualTypeOf<string>();
			switch (change.type) {
				case "published":
					return change.manifest.key;
				case "deleted":
					expectTypeOf(change.version).toEqualTypeOf<Version>();
					return change.key;
				case "expired":
					expectTypeOf(change.version).toEqualTypeOf<Version>();
					return change.key;
				case "restored":
					return change.manifest.key;
				case "purged":
					return change.key;
				case "lease":
					expectTypeOf(change.endsAt).toEqualTypeOf<Date | undefined>();
					return String(change.holder);
				case "keepDeleted":
					return String(change.days);
				case "expiryRules":
					return change.rules.map(({ prefix }) => prefix).join();
				case "role":
					return change.role;
				case "quota":
					expectTypeOf(change.quota).toEqualTypeOf<Quota | undefined>();
					return String(change.who);
				case "given":
					expectTypeOf(change.from).toEqualTypeOf<string>();
					return change.manifest.key;
				case "offer":
					return String(change.to);
				case "link":
					return change.state;
				case "mode":
					return change.mode;
				case "grant":
					expectTypeOf(change.terms).toEqualTypeOf<GrantedTerms | undefined>();
					return String(change.who);
				case "unknown":
					return String(change.sequence);
			}
		};
		expectTypeOf(narrow).parameter(0).toEqualTypeOf<Change>();
	});

	test("what became of one of many narrows by its status, up and down", async () => {
		const deleting = client.deleteMany(["a", { key: "b", ifMatch: manifest }]);
		expectTypeOf(await deleting.done).toEqualTypeOf<DeleteManyResult>();
		deleting.on("item", (item) => {
			if (item.status !== "failed") expectTypeOf(item.version).toEqualTypeOf<Version>();
			else expectTypeOf(item).toEqualTypeOf<ItemFailed>();
		});
		client.uploadMany([], { visibility: "public", metadata: { a: "1" } }).on("item", (item) => {
			if (item.status !== "failed") expectTypeOf(item).toEqualTypeOf<ItemUploaded>();
		});
		expectTypeOf<ItemResult>().toEqualTypeOf<ItemUploaded | ItemDeleted | ItemFailed>();
	});

	test("what need not be there is found or undefined", async () => {
		expectTypeOf(await client.find("a")).toEqualTypeOf<Manifest | undefined>();
		expectTypeOf(await client.stat("a", { trust: "node" })).toEqualTypeOf<Manifest>();
		expectTypeOf(await client.mode()).toEqualTypeOf<StoreMode>();
		// @ts-expect-error: no proof covers it
		client.mode({ trust: "proof" });
	});

	test("a download reads as bytes, whichever way", async () => {
		const download = client.download("a");
		expectTypeOf(download).toEqualTypeOf<Download>();
		expectTypeOf(await download.bytes()).toEqualTypeOf<Uint8Array<ArrayBuffer>>();
		expectTypeOf(await download.text()).toEqualTypeOf<string>();
		expectTypeOf(await download.json()).toEqualTypeOf<unknown>();
		download.on("progress", (value) => expectTypeOf(value).toEqualTypeOf<Progress>());
		download.on("retry", (value) => expectTypeOf(value).toEqualTypeOf<RetryEvent>());
		expectTypeOf(download.stream()).toEqualTypeOf<ReadableStream<Uint8Array<ArrayBuffer>>>();
		for await (const part of download) expectTypeOf(part).toEqualTypeOf<Uint8Array>();
		expectTypeOf(await client.admin.statistics()).toEqualTypeOf<Statistics>();
	});

	test("a staged batch has a state, what broke it, and the change that revealed it", async () => {
		const staged = await client.stage([{ type: "delete", key: "a" }]);
		expectTypeOf(staged).toEqualTypeOf<StagedBatch>();
		expectTypeOf(staged.revealed).toEqualTypeOf<Version | undefined>();
		expectTypeOf(staged.broken).toEqualTypeOf<BatchBroken | undefined>();
		expectTypeOf(staged.broken!.error).toEqualTypeOf<BlobErrorOf<ErrorCode | "unknown_error">>();
		if (staged.state === "preparing") expectTypeOf(staged.ready).toEqualTypeOf<number>();
		expectTypeOf(await client.unstage(staged.batch, ["a"])).toEqualTypeOf<StagedBatch>();
		expectTypeOf(await client.reveal(staged.batch)).toEqualTypeOf<Version>();
		expectTypeOf(client.dropBatch).returns.toEqualTypeOf<Promise<void>>();
		expectTypeOf(await client.listBatches()).toEqualTypeOf<StagedBatch[]>();
		for await (const key of client.listStaged(staged.batch))
			if (key.deletes) {
				// @ts-expect-error: what empties a key has none
				key.size;
			} else expectTypeOf(key.size).toEqualTypeOf<number>();
	});

	test("a grant has a name, by which it is taken away, and terms with what was used of them", async () => {
		const name = await client.admin.grant("aaaaa-aa", { role: "writer", prefix: "in/", bytes: 1_000 });
		expectTypeOf(name).toEqualTypeOf<GrantName>();
		client.admin.revokeGrant(name);
		for await (const grant of client.admin.listGrants()) {
			expectTypeOf(grant).toEqualTypeOf<Grant>();
			client.admin.revokeGrant(grant);
		}
	});

	test("owners: what is offered, taken, removed and linked, and whose rights changed", async () => {
		const owners = new BlobOwners(client);
		const offer = await owners.offer("aaaaa-aa", { prefix: "a/" });
		expectTypeOf(offer).toEqualTypeOf<OfferName>();
		expectTypeOf(await owners.take(offer, { onProgress: (sum: Taken) => sum.blobs })).toEqualTypeOf<Taken>();
		expectTypeOf(owners.listOffers()).toEqualTypeOf<AsyncGenerator<Offer>>();
		expectTypeOf(owners.list({ offer })).toEqualTypeOf<AsyncGenerator<Manifest>>();
		expectTypeOf(await owners.removeAll({ purge: true })).toEqualTypeOf<Removed>();
		for await (const link of owners.listLinks()) {
			expectTypeOf(link).toEqualTypeOf<Link>();
			owners.endLink(link);
		}
		for await (const change of owners.rights()) {
			expectTypeOf(change).toExtend<RightsChange>();
			expectTypeOf(change.by).toEqualTypeOf<PrincipalText>();
			// @ts-expect-error: a deletion is no change of rights
			if (change.type === "deleted") change.key;
		}
	});

	test("nothing that is answered may be changed", () => {
		// @ts-expect-error: readonly
		manifest.size = 1;
		// @ts-expect-error: readonly
		manifest.metadata.a = "b";
		// @ts-expect-error: readonly
		client.upload(bytes, { key: "a" }).state = "done";
	});
});

/** Names of optional properties that may be left out, but not be undefined. */
type Strict<T> = {
	[Name in keyof T]-?: object extends Pick<T, Name>
		? undefined extends Required<T>[Name]
			? never
			: Name
		: never;
}[keyof T];

describe("an optional option", () => {
	test("may be undefined, as it is where it is handed on", () => {
		const options = { signal: undefined, contentType: undefined, ifMatch: undefined, size: undefined };
		client.upload(bytes, { key: "a", ...options });
		client.list({ after: undefined, prefix: undefined });
		expectTypeOf<Strict<BlobClientOptions | RetryOptions | PerDirection>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<UploadOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<UploadItem>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<UploadManyOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<DownloadOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<BytesOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<StatOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<ListOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<ChangesOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<UpdateOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<MoveOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<DeleteOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<GrantTerms>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<AbortOptions>>().toEqualTypeOf<never>();
		expectTypeOf<Strict<AskOptions>>().toEqualTypeOf<never>();
		// The check itself finds what is not so.
		expectTypeOf<Strict<{ a: 1; b?: 2; c?: 3 | undefined }>>().toEqualTypeOf<"b">();
	});
});

describe("what is refused", () => {
	test("a source that is none, and an upload to nowhere", () => {
		// @ts-expect-error: text is no source, since nobody said in which encoding
		client.upload("text", { key: "a" });
		// @ts-expect-error: a path is one only by fromPath
		client.upload({ path: "/tmp/a" }, { key: "a" });
		// @ts-expect-error: without a key
		client.upload(bytes, {});
		// @ts-expect-error: no such option
		client.upload(bytes, { key: "a", chunkSize: 1 });
		// @ts-expect-error: neither public nor private
		client.upload(bytes, { key: "a", visibility: "secret" });
	});

	test("one file of many has no signal and no concurrency of its own", () => {
		// @ts-expect-error: all of them are aborted together
		client.uploadMany([{ key: "a", source: bytes, signal: AbortSignal.abort() }]);
		// @ts-expect-error: they share what is under way
		client.uploadMany([{ key: "a", source: bytes, concurrency: 1 }]);
	});

	test("not to verify what the root verifies", () => {
		client.download("a", { trust: "node" });
		client.download(ref, { trust: "subnet" });
		client.download(ref, { range: { start: 1 } });
		client.download(manifest);
		// @ts-expect-error: of a reference nothing is believed
		client.download(ref, { trust: "node" });
	});

	test("an identity without the agent that it signs for", () => {
		const transfer = client.upload(bytes, { key: "a" });
		transfer.resume();
		transfer.resume({ agent });
		transfer.resume({ agent, identity });
		// @ts-expect-error: without an agent
		transfer.resume({ identity });
	});

	test("a precondition that can never hold", () => {
		client.upload(bytes, { key: "a", ifNoneMatch: "*" });
		client.rename("a", "b", { sourceIfMatch: manifest, ifNoneMatch: "*" });
		client.delete("a", { ifMatch: manifest });
		// @ts-expect-error: there would be nothing to delete
		client.delete("a", { ifNoneMatch: "*" });
		// @ts-expect-error: there would be nothing to change
		client.update("a", { ifNoneMatch: "*" });
		// @ts-expect-error: there would be nothing to rename
		client.rename("a", "b", { sourceIfMatch: "*" });
		// @ts-expect-error: a version is ifMatch
		client.upload(bytes, { key: "a", ifNoneMatch: manifest });
		// @ts-expect-error: a version is a bigint
		client.delete("a", { ifMatch: { sequence: 1 } });
	});

	test("a role, a mode or a quota that there is not", () => {
		// @ts-expect-error: no such role
		client.grantRole("aaaaa-aa", "owner");
		// @ts-expect-error: no such mode
		client.setMode("stopped", 1n);
		// @ts-expect-error: all bounds or none
		client.setQuota("everybody", { bytes: 1 });
		// @ts-expect-error: there is no such role by a grant
		client.admin.grant("aaaaa-aa", { role: "admin", prefix: "" });
	});

	test("what cannot be staged, granted, offered or taken", () => {
		const owners = new BlobOwners(client);
		// @ts-expect-error: a copy is of what is there
		client.stage([{ type: "copy", from: "a", to: "b" }]);
		// @ts-expect-error: without what it puts
		client.stage([{ type: "put", key: "a" }]);
		// @ts-expect-error: a batch is named by what it was named when it was opened
		client.reveal(7);
		// @ts-expect-error: of somebody, not of somewhere
		client.dropBatch(bytes, { prefix: "a" });
		// @ts-expect-error: a grant is for a prefix
		client.admin.grant("aaaaa-aa", { role: "writer" });
		// @ts-expect-error: a number of bytes
		client.admin.grant("aaaaa-aa", { role: "writer", prefix: "a/", bytes: 1n });
		// @ts-expect-error: one blob, or all under a prefix
		owners.offer("aaaaa-aa", { owner: "aaaaa-aa" });
		// @ts-expect-error: of an owner or of an offer, by their names
		owners.list({ to: "aaaaa-aa" });
		// @ts-expect-error: an offer is named by who made it, and its id
		owners.take(bytes);
	});
});
