import { isDeepStrictEqual } from "node:util";
import { Cbor } from "@dfinity/agent";
import { describe, expect, it } from "vitest";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { isBlobError } from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import type { MethodName, WireStatAnswer } from "../../src/protocol/index.js";
import { pseudoBytes } from "./support/memory-store.js";
import { ProvingStore } from "./support/proving.js";

/**
 * Every byte of every answer that a read rests on, changed. The store proves what it says by a certificate that the
 * root subnet itself signs, so that each changed byte of it costs one pairing and not two.
 */
const SMALL = 150;

async function filled() {
	const proving = new ProvingStore();
	const bytes = pseudoBytes(SMALL);
	await startUpload(proving.context(), bytes, {
		key: "a/b",
		visibility: "public",
		metadata: { name: "value" },
	}).done;
	await startUpload(proving.context(), bytes, { key: "c", visibility: "public" }).done;
	return { proving, bytes };
}

const flipped = (bytes: Uint8Array, at: number, bits = 1): Uint8Array => {
	const copy = bytes.slice();
	copy[at] = (copy[at] as number) ^ bits;
	return copy;
};

/** Bytes of CBOR, each changed, but for those of which a decoder makes the very same (the tag before it, say). */
function* changedCbor(bytes: Uint8Array): Generator<{ at: number; given: Uint8Array }> {
	const decoded = (cbor: Uint8Array) => {
		try {
			return Cbor.decode(cbor);
		} catch {
			return undefined;
		}
	};
	const whole = decoded(bytes);
	for (let at = 0; at < bytes.length; at++) {
		const given = flipped(bytes, at);
		if (!isDeepStrictEqual(decoded(given), whole)) yield { at, given };
	}
}

/** One attempt: a retry would get the same response. */
const ONCE = { retry: { maxAttempts: 1 } };

/** What reading the blob gives: its bytes, or the code of the error, and then not one byte was handed out. */
async function read(context: ClientContext): Promise<string> {
	let handedOut = 0;
	try {
		for await (const part of new Download(context, "a/b", {})) handedOut += part.length;
		return "done";
	} catch (error) {
		expect(handedOut).toBe(0);
		return isBlobError(error) ? error.code : String(error);
	}
}

describe("C36 a changed byte is a typed error of its own, and no byte is handed out", () => {
	it("of the certificate", async () => {
		const { proving } = await filled();
		const certificate = proving.certifier.certificate(proving.root, { delegated: false });
		const context = proving.context(ONCE);
		let given = certificate;
		proving.tamper = ({ method, kind }, answer) =>
			method === "blobs_stat" && kind === "query"
				? { ...(answer as WireStatAnswer), certificate: [given] }
				: answer;
		let count = 0;
		for (const changed of changedCbor(certificate)) {
			given = changed.given;
			count++;
			expect(await read(context), `byte ${changed.at}`).toBe("certificate_invalid");
		}
		expect(count).toBeGreaterThan(certificate.length - 5);
		given = certificate;
		expect(await read(context)).toBe("done");
	}, 180_000);

	it("of the witness", async () => {
		const { proving } = await filled();
		const context = proving.context(ONCE);
		const request = { key: "a/b", min_version: [] };
		const [witness] = ((await proving.store.direct("blobs_stat", request)) as WireStatAnswer).witness;
		if (!witness) throw new Error("the store shows no witness");
		let given = witness;
		proving.tamper = ({ method, kind }, answer) =>
			method === "blobs_stat" && kind === "query"
				? { ...(answer as WireStatAnswer), witness: [given] }
				: answer;
		let count = 0;
		for (const changed of changedCbor(witness)) {
			given = changed.given;
			count++;
			expect(await read(context), `byte ${changed.at}`).toBe("witness_invalid");
		}
		expect(count).toBeGreaterThan(witness.length - 5);
		given = witness;
		expect(await read(context)).toBe("done");
	});

	it("of the manifest", async () => {
		const { proving } = await filled();
		const context = proving.context(ONCE);
		let given: Uint8Array | undefined;
		proving.tamper = ({ method, kind }, answer: WireStatAnswer) =>
			method === "blobs_stat" && kind === "query" && given ? { ...answer, manifest: [given] } : answer;
		const answer = (await proving.store.direct("blobs_stat", {
			key: "a/b",
			min_version: [],
		})) as WireStatAnswer;
		const value = answer.manifest[0]!;
		let changed = 0;
		for (let at = 0; at < value.length; at++) {
			for (const bits of [1, 0x80]) {
				given = flipped(value, at, bits);
				const code = await read(context);
				if (code === "manifest_corrupt") changed++;
				// Not the Candid of a manifest any more: no client gets so far as to compare it.
				else expect(["reply_invalid", "version_unsupported"], `byte ${at}`).toContain(code);
			}
		}
		expect(changed).toBeGreaterThan(value.length / 2);
		given = undefined;
		expect(await read(context)).toBe("done");
	});

	for (const [method, length, code] of [
		["blobs_leaves", 32, "leaves_corrupt"],
		["blobs_get_chunk", SMALL, "chunk_corrupt"],
	] as const)
		it(`of what ${method} answers, and bytes that are missing or too many`, async () => {
			const { proving } = await filled();
			const context = proving.context(ONCE);
			let change = (bytes: Uint8Array) => bytes;
			proving.tamper = (call: { method: MethodName }, answer: Uint8Array) =>
				call.method === method ? change(answer) : answer;
			for (let at = 0; at < length; at++) {
				change = (bytes) => flipped(bytes, at);
				expect(await read(context), `byte ${at}`).toBe(code);
			}
			change = (bytes) => bytes.subarray(1);
			expect(await read(context)).toBe(code);
			change = (bytes) => Uint8Array.of(...bytes, 0);
			expect(await read(context)).toBe(code);
			change = (bytes) => bytes;
			expect(await read(context)).toBe("done");
		});
});

describe("C37 a certificate that is too old is refused as such", () => {
	it("whole as it is, by a client that has seen it fresh and by one that has not", async () => {
		const { proving } = await filled();
		const certificate = proving.certifier.certificate(proving.root);
		proving.tamper = ({ method, kind }, answer: WireStatAnswer) =>
			method === "blobs_stat" && kind === "query" ? { ...answer, certificate: [certificate] } : answer;
		const context = proving.context();
		expect(await read(context)).toBe("done");
		proving.certifier.nowMs += 5 * 60_000;
		expect(await read(context)).toBe("done");
		proving.certifier.nowMs += 1;
		expect(await read(context)).toBe("certificate_stale");
		expect(await read(proving.context())).toBe("certificate_stale");
	});
});

it("a node that lies is asked no second time, if another one does not", async () => {
	const { proving } = await filled();
	for (const method of ["blobs_stat", "blobs_leaves", "blobs_get_chunk"] as const) {
		let lies = 2;
		proving.tamper = (call, answer: object) => {
			if (call.method !== method || lies-- <= 0) return answer;
			return method === "blobs_stat"
				? { ...answer, certificate: [new Uint8Array(10)] }
				: flipped(answer as Uint8Array, 5);
		};
		expect(await read(proving.context())).toBe("done");
	}
});
