import { Principal } from "@dfinity/principal";
import { expect, test } from "vitest";
import { CanisterError, isBlobError, refused } from "../../src/client/errors/errors.js";
import { verifyPage } from "../../src/client/feed/page.js";
import { toManifest } from "../../src/client/manifest.js";
import * as c from "../../src/protocol/candid.js";
import { changes, Message, manifests, type WireManifest } from "../../src/protocol/index.js";
import { sha256 } from "../support/store.js";
import { MemoryStore } from "./support/memory-store.js";

/** This version's client beside a made-up next canister, which has more of everything. */

const today: WireManifest = {
	key: "a",
	sequence: 1n,
	canister_version: 7n,
	root: new Uint8Array(32),
	size: 1n,
	chunk_size: 65_536,
	content_type: "text/plain",
	visibility: "public",
	owner: Principal.fromUint8Array(Uint8Array.of(1, 2, 3)),
	created_at: 0n,
	modified_at: 0n,
	metadata: [],
	sha256: [],
	expires_at: [],
};
const { text, nat64, nat32, bytes, opt, vec, pair, principal } = c;
const next = new Message(
	c.record<Record<string, unknown>>({
		...{ key: text, sequence: nat64, canister_version: nat64, root: bytes, size: nat64, chunk_size: nat32 },
		...{ content_type: text, visibility: text, owner: principal, created_at: nat64, modified_at: nat64 },
		...{ metadata: vec(pair(text, text)), sha256: opt(bytes), language: opt(text), license: opt(text) },
	} as never),
);

test("a manifest with unknown fields is read, and one of an unknown visibility is private", () => {
	const later = next.encode({ ...today, language: ["de"], license: [] } as never);
	expect(toManifest(later)).toEqual(toManifest(manifests.encode(today)));
	expect(toManifest(manifests.encode({ ...today, visibility: "team" })).visibility).toBe("private");
	// And one of today by a reader of tomorrow, to whom the new fields are absent.
	expect(next.decode(manifests.encode(today))).toMatchObject({ key: "a", language: [] });
});

test("a manifest that has changed what a client needs is refused, and which side to update is said", () => {
	const other = new Message(c.record<{ key: bigint }>({ key: nat64 })).encode({ key: 1n });
	expect(() => toManifest(other)).toThrow(CanisterError);
	try {
		toManifest(other);
	} catch (error) {
		expect(isBlobError(error, "version_unsupported") && error.details.side).toBe("client");
	}
});

test("an unknown error keeps its code, its text and what to do", () => {
	const error = refused({ code: "frozen", message: "It is frozen.", action: "retry", details: [], item: [] });
	expect(error).toMatchObject({
		code: "unknown_error",
		action: "retry",
		details: { canisterCode: "frozen" },
	});
	expect(error.message).toContain("frozen: It is frozen.");
	const strange = refused({ code: "x", message: "", action: "dance", details: [], item: [] });
	expect(strange.action).toBe("give_up");
});

test("an unknown change is passed over with its head verified", async () => {
	const change = (of: Record<string, unknown>, type: unknown) =>
		new Message(
			c.record<Record<string, unknown>>({
				...{ sequence: nat64, canister_version: nat64, at: nat64, by: principal },
				change: opt(c.variant<unknown>({ renamed: type } as never)),
			} as never),
		).encode({ sequence: 1n, canister_version: 7n, at: 0n, by: today.owner, change: [of] } as never);
	const unknown = change({ renamed: "b" }, text);
	expect(changes.decode(unknown).change).toEqual([]);
	const before = { sequence: 0n, head: new Uint8Array(32) };
	const last = { sequence: 1n, head: sha256(Buffer.concat([before.head, unknown])) };
	const version = { sequence: 1n, canister_version: 7n };
	const page = { before, changes: [unknown], last, last_version: version, certificate: [], witness: [] };
	const context = new MemoryStore().context();
	const { items } = await verifyPage(context, undefined, page as never);
	expect(items.map(({ wire }) => wire.change)).toEqual([[]]);
	const lie = { ...page, last: { ...last, head: new Uint8Array(32) } };
	await expect(verifyPage(context, undefined, lie as never)).rejects.toMatchObject({ code: "feed_corrupt" });
});
