import { beforeAll, expect, test, vi } from "vitest";
import type { Reader } from "../../../src/canister/engine/base/codec.js";
import type { Engine } from "../../../src/canister/engine/index.js";
import type { Upload } from "../../../src/canister/engine/store/upload-record.js";
import { ownedKey } from "../../../src/canister/engine/store/uploads.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { ask } from "./ask.js";
import { ANNA, fillOf, S, TestStore } from "./store.js";

/**
 * Records of this version under a made-up next one, which has a field more in those of uploads: the forms of a record are
 * a list, to which a release adds one (engine/forms.ts).
 */

type Noted = Upload & { note?: string };

/** The next version's engine. */
let Next: typeof Engine;
beforeAll(async () => {
	vi.resetModules();
	vi.doMock("../../../src/canister/engine/store/upload-record.js", async (original) => {
		const today = await original<typeof import("../../../src/canister/engine/store/upload-record.js")>();
		const { RecordVersions } = await import("../../../src/canister/engine/base/record-versions.js");
		const { Writer } = await import("../../../src/canister/engine/base/codec.js");
		const { readers } = today.UPLOAD_VERSIONS;
		const next = (reader: Reader): Noted => ({ note: reader.text(), ...readers.at(-1)!(reader) });
		const UPLOAD_VERSIONS = new RecordVersions<Noted>("upload", ...readers, next);
		const encodeUpload = (upload: Noted) =>
			new Writer()
				.u8(UPLOAD_VERSIONS.newest)
				.text(upload.note ?? "none")
				.raw(today.encodeUpload(upload).subarray(1))
				.done();
		return { UPLOAD_VERSIONS, encodeUpload };
	});
	({ Engine: Next } = await import("../../../src/canister/engine/index.js"));
});
/** Of the records of uploads. */
const versionsOf = (store: TestStore, ids: readonly Uint8Array[]) =>
	ids.map((id) => store.storage.map(MEMORY.uploads).get(ownedKey(ANNA.toUint8Array(), id))?.[0]);

test("a record in an older form is read as it is, and written in the newest when it changes", () => {
	const store = new TestStore();
	const ids = ["kept", "changed"].map((key) => store.begin(ANNA, key, 2 * S));
	const [kept, changed] = ids;
	for (const id of ids) store.put(ANNA, id, 0, fillOf(1, S));
	store.host.sender = ANNA.toUint8Array();
	expect(versionsOf(store, ids)).toEqual([2, 2]);

	const next = new Next(store.storage, store.host);
	next.start();
	const status = (id: Uint8Array) => ask(next, "blobs_upload_status", { id, from: 0, limit: 2 }).upload;
	expect([status(kept!), status(changed!)]).toMatchObject([
		{ key: "kept", received: 1, count: 2 },
		{ key: "changed", received: 1, count: 2 },
	]);
	// An upgrade walks over no records.
	expect(versionsOf(store, ids)).toEqual([2, 2]);
	ask(next, "blobs_put_chunk", changed!, 1, fillOf(2, S));
	expect(versionsOf(store, ids)).toEqual([2, 3]);
	expect(status(changed!)).toMatchObject({ key: "changed", received: 2 });

	// Going back works until the newer one has written what the older cannot read, which says so.
	store.upgrade();
	expect(store.ask(ANNA, "blobs_upload_status", { id: kept!, from: 0, limit: 2 }).upload.key).toBe("kept");
	expect(() => store.ask(ANNA, "blobs_upload_status", { id: changed!, from: 0, limit: 2 })).toThrow(
		"a stored record (upload) is of version 3, and this code knows up to 2",
	);
});
