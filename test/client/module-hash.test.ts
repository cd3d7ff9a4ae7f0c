import { createHash } from "node:crypto";
import { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { BlobClient, isBlobError } from "../../src/client/index.js";
import { nodePorts } from "../../src/client/node/ports.js";
import { utf8 } from "../../src/client/util/bytes.js";
import { encodeCbor } from "../../src/localnet/encoding/cbor-encode.js";
import type { FaultScript } from "../../src/localnet/index.js";
import { createCanister } from "../localnet/support/deploy.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { withFaults } from "./support/faults.js";
import { failure } from "./support/transfers.js";

/** The hash of a canister's module, which a network shows to everybody and certifies. */

let fixture: StoreFixture;
beforeAll(async () => {
	fixture = await openStore();
});
afterAll(() => fixture.dispose());
beforeEach(() => through(() => undefined));

const through = (script: FaultScript) => withFaults(fixture.network.local!, script);

/** Of a caller who is not signed in. */
async function client(canisterId: string, send: typeof fetch = fetch) {
	const { url: host, rootKey } = fixture.network;
	const agent = await HttpAgent.create({ host, rootKey, fetch: send });
	return new BlobClient({ agent, canisterId, retry: { baseDelayMs: 1 } }, nodePorts);
}

test("is that of what was installed, by one request", async () => {
	const { canisterId, wasm } = fixture;
	const seen = through(() => undefined);
	const hash = await (await client(canisterId.toText())).admin.moduleHash();
	expect(hash).toBe(createHash("sha256").update(wasm).digest("hex"));
	expect(seen.seen.map(({ kind }) => kind)).toEqual(["read_state"]);
});

test("is asked for again where an answer was lost or changed, and not believed if all are changed", async () => {
	const { admin } = await client(fixture.canisterId.toText());
	const known = await admin.moduleHash();
	for (const fault of ["reply-lost", "certificate-byte", "certificate-key"] as const) {
		through(({ nth }) => (nth === 0 ? fault : undefined));
		expect(await admin.moduleHash()).toBe(known);
	}
	through(() => "certificate-byte");
	const error = await failure(admin.moduleHash());
	expect(isBlobError(error)).toBe(true);
	expect(["certificate_invalid", "reply_invalid"]).toContain((error as { code: string }).code);
});

test("is not that of another canister, whose certificate a node gives", async () => {
	const { canisterId } = fixture;
	const another = await emptyCanister();
	let answer: ArrayBuffer | undefined;
	const kept: typeof fetch = async (url, init) => {
		answer = await (await fetch(url, init)).arrayBuffer();
		return new Response(answer);
	};
	await (await client(canisterId.toText(), kept)).admin.moduleHash();
	const swapped = await client(another, async () => new Response(answer));
	const error = await failure(swapped.admin.moduleHash());
	expect(isBlobError(error, "certificate_invalid") && error.details.reason).toContain("no module hash");
});

/** A canister in which nothing was installed yet. */
const emptyCanister = async () => (await createCanister(fixture.agent)).toText();

test("is proven to be missing where a canister has no code: that is no attack", async () => {
	const id = await emptyCanister();
	const error = await failure((await client(id)).admin.moduleHash());
	expect(error).toMatchObject({ code: "canister_empty", action: "ask", details: { canister: id } });
	expect((error as Error).message).toContain(`The canister ${id} has no code`);
	// Nor is it one where there is no such canister: the subnet that it would be on says so.
	const bytes = Principal.fromText(id).toUint8Array().slice();
	const path = [utf8("canister"), bytes, utf8("module_hash")];
	const { certificate } = await fixture.agent.readState(id, { paths: [path] });
	bytes[7]! += 1;
	const nowhere = Principal.fromUint8Array(bytes).toText();
	const shown = await client(nowhere, async () => new Response(encodeCbor({ certificate }) as BlobPart));
	expect(await failure(shown.admin.moduleHash())).toMatchObject({ code: "canister_empty" });
});

test("is not proven to be missing by an answer that does not show its branch", async () => {
	const id = await emptyCanister();
	const { certificate } = await fixture.agent.readState(id, { paths: [[utf8("time")]] });
	const pruned = await client(id, async () => new Response(encodeCbor({ certificate }) as BlobPart));
	const error = await failure(pruned.admin.moduleHash());
	expect(isBlobError(error, "certificate_invalid") && error.details.reason).toContain("no module hash");
});

test("is not waited for once the caller aborts", async () => {
	const { admin } = await client(fixture.canisterId.toText());
	const controller = new AbortController();
	const asked = failure(admin.moduleHash({ signal: controller.signal }));
	controller.abort();
	expect(isBlobError(await asked, "aborted")).toBe(true);
});
