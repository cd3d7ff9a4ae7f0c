import { readFile } from "node:fs/promises";
import { Cbor } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { requestStatus } from "../../src/client/call/status.js";
import { isBlobError } from "../../src/client/index.js";
import { nodePorts } from "../../src/client/node/ports.js";
import { lebDecode } from "../../src/client/util/bytes.js";
import {
	CertificateVerifier,
	decodeCertificate,
	type VerifyOptions,
} from "../../src/client/verification/certificate.js";
import { type HashTree, lookup, reconstruct, subtree } from "../../src/client/verification/hash-tree.js";

interface Answer {
	readonly name: string;
	readonly version: string;
	readonly requestId: string;
	readonly body: string;
}
const recorded: { status: string; answers: Answer[] } = JSON.parse(
	await readFile(new URL("fixtures/certificates.json", import.meta.url), "utf8"),
);
const ports = nodePorts;
const { sha256 } = ports;
const body = (base64: string) =>
	Cbor.decode<Record<string, Uint8Array>>(new Uint8Array(Buffer.from(base64, "base64")));
const rootKey = body(recorded.status).root_key!;
const canisterId = Uint8Array.from(Buffer.from("ffffffffffd000000101", "hex"));
const { answers } = recorded;

const timeOf = (tree: HashTree) => Number(lebDecode(lookup(tree, ["time"])!)! / 1_000_000n);
const decoded = (answer: Answer) => decodeCertificate(body(answer.body).certificate!);
const named = (name: string) => answers.find((answer) => answer.name === name)!;
const verify = (certificate: ReturnType<typeof decodeCertificate>, options: Partial<VerifyOptions> = {}) => {
	const nowMs = options.nowMs ?? timeOf(certificate.tree);
	return new CertificateVerifier().verify(certificate, { rootKey, canisterId, ports, ...options, nowMs });
};
const reason = (promise: Promise<unknown>) =>
	promise.then(
		() => "",
		(error) =>
			isBlobError(error, "certificate_invalid")
				? error.details.reason
				: isBlobError(error, "certificate_stale")
					? `stale by ${error.details.ageMs - error.details.maxAgeMs}`
					: `not ours: ${error}`,
	);

describe("certificates of the IC's own engine", () => {
	it.each(answers.map((answer) => [answer.name, answer] as const))("verifies: %s", async (_name, answer) => {
		await verify(decoded(answer));
	});

	it("covers v2, v3 and v4, with a delegation each", () => {
		expect([...new Set(answers.map(({ version }) => version))].sort()).toEqual(["v2", "v3", "v4"]);
		for (const answer of answers) expect(decoded(answer).delegation).toBeDefined();
	});

	it("says what became of a request", () => {
		const statusOf = (name: string) => {
			const id = Uint8Array.from(Buffer.from(named(name).requestId, "hex"));
			return requestStatus(decoded(named(name)), id, "method");
		};
		expect(statusOf("call echo v4")).toEqual({ kind: "replied", reply: new TextEncoder().encode("hello") });
		expect(statusOf("call trap")).toMatchObject({
			kind: "rejected",
			error: { details: { rejectCode: 5, errorCode: "IC0503" } },
		});
		const other = decoded(named("call echo v4"));
		expect(requestStatus(other, new Uint8Array(32), "method")).toEqual({ kind: "unknown" });
	});
});

describe("what is refused", () => {
	const v2 = () => decoded(named("read_state v2 of its request_status"));
	const v4 = () => decoded(named("call echo v4"));

	it("another time, key or canister", async () => {
		for (const make of [v2, v4]) {
			const time = timeOf(make().tree);
			expect(await reason(verify(make(), { nowMs: time + 301_000 }))).toBe("stale by 1000");
			expect(await reason(verify(make(), { nowMs: time - 301_000 }))).toMatch(/future/);
			const other = rootKey.slice();
			other[100]! ^= 1;
			expect(await reason(verify(make(), { rootKey: other }))).toMatch(/signature/);
			expect(await reason(verify(make(), { rootKey: rootKey.slice(1) }))).toMatch(/no BLS key/);
			const outside = Principal.fromText("ryjl3-tyaaa-aaaaa-aaaba-cai").toUint8Array();
			expect(await reason(verify(make(), { canisterId: outside }))).toMatch(/not on/);
		}
	});

	it("any tree that is not the one that was signed", async () => {
		for (const make of [v2, v4]) {
			const leaves: Uint8Array[] = [];
			const collect = (tree: HashTree) => {
				if (tree[0] === 1) for (const each of [tree[1], tree[2]]) collect(each);
				if (tree[0] === 2) collect(tree[2]);
				if (tree[0] === 2 || tree[0] === 3 || tree[0] === 4) leaves.push(tree[1] as Uint8Array);
			};
			const whole = make();
			collect(whole.tree);
			for (const leaf of leaves) {
				leaf[0]! ^= 1;
				expect(await reason(verify(whole, { nowMs: timeOf(make().tree) }))).not.toBe("");
				leaf[0]! ^= 1;
			}
			await verify(whole);
		}
	});

	it("a delegation of a delegation, and one that was tampered with", async () => {
		const inner = v2();
		const nested = { ...inner, delegation: { ...inner.delegation!, certificate: Cbor.encode(v2()) } };
		expect(await reason(verify(nested))).toMatch(/itself delegated/);
		const bytes = inner.delegation!.certificate.slice();
		bytes[bytes.length - 1]! ^= 1;
		expect(
			await reason(verify({ ...inner, delegation: { ...inner.delegation!, certificate: bytes } })),
		).toMatch(/signature/);
	});

	it("a delegation found good does not vouch for another canister or under another key", async () => {
		const verifier = new CertificateVerifier();
		const certificate = v4();
		const options = { rootKey, canisterId, nowMs: timeOf(certificate.tree), ports };
		await verifier.verify(certificate, options);
		const outside = Principal.fromText("ryjl3-tyaaa-aaaaa-aaaba-cai").toUint8Array();
		expect(await reason(verifier.verify(certificate, { ...options, canisterId: outside }))).toMatch(/not on/);
		const other = rootKey.slice();
		other[100]! ^= 1;
		expect(await reason(verifier.verify(certificate, { ...options, rootKey: other }))).toMatch(/signature/);
	});

	it("what is no certificate", () => {
		for (const bytes of [new Uint8Array(), Uint8Array.of(1), Cbor.encode({ tree: 1 }), Cbor.encode(null)])
			expect(() => decodeCertificate(bytes)).toThrow(/certificate of the answer is not valid/);
	});
});

describe("hash trees", () => {
	// The specification's example, whole and pruned.
	const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
	const whole = Cbor.decode<HashTree>(
		hex(
			"8301830183024161830183018302417882034568656c6c6f810083024179820345776f726c6483024162820344676f6f648301830241638100830241648203476d6f726e696e67",
		),
	);
	const pruned = Cbor.decode<HashTree>(
		hex(
			"83018301830241618301820458201b4feff9bef8131788b0c9dc6dbad6e81e524249c879e9f10f71ce3749f5a63883024179820345776f726c6483024162820458207b32ac0c6ba8ce35ac82c255fc7906f7fc130dab2a090f80fe12f9c2cae83ba6830182045820ec8324b8a1f1ac16bd2e806edba78006479c9877fed4eb464a25485465af601d830241648203476d6f726e696e67",
		),
	);

	it("have the specification's root hash, pruned or not", async () => {
		for (const tree of [whole, pruned])
			expect(Buffer.from(await reconstruct(tree, sha256)).toString("hex")).toBe(
				"eb5c5b2195e62d996b84c9bcc8259d19a83786a2f59e0878cec84c811f669aa0",
			);
	});

	it("show what they show and nothing else", () => {
		const value = (tree: HashTree, ...path: string[]) => {
			const found = lookup(tree, path);
			return found && new TextDecoder().decode(found);
		};
		expect(value(whole, "a", "x")).toBe("hello");
		expect(value(pruned, "a", "x")).toBeUndefined();
		expect(value(pruned, "a", "y")).toBe("world");
		expect(value(pruned, "d")).toBe("morning");
		expect(value(pruned, "b")).toBeUndefined();
		expect(value(whole, "a")).toBeUndefined();
		expect(subtree(whole, ["c"])).toEqual([0]);
	});
});
