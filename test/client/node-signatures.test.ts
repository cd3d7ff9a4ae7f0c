import { readFileSync } from "node:fs";
import { Cbor } from "@dfinity/agent";
import { describe, expect, it } from "vitest";
import { isBlobError } from "../../src/client/index.js";
import { nodePorts } from "../../src/client/node/ports.js";
import type { Ed25519Verify } from "../../src/client/platform/ports.js";
import { utf8 } from "../../src/client/util/bytes.js";
import type { HashTree } from "../../src/client/verification/hash-tree.js";
import { NodeSignatures } from "../../src/client/verification/node-signatures.js";
import { verifyEd25519 } from "../../src/client/verification/verify-ed25519.js";
import { BlsKey, NodeKey } from "../../src/localnet/certification/keys.js";
import { signedBytes } from "../../src/localnet/http/query.js";
import { useLibrary } from "../support/native-ed25519.js";
import { failure } from "./support/transfers.js";

useLibrary();

const MINUTE = 60_000;
const REQUEST_ID = new Uint8Array(32).fill(7);
const ANSWER = { status: "replied", reply: { arg: utf8("hello") } };

/** A subnet with nodes, asked as a client would ask it; what vouches for its state is tested elsewhere. */
class Subnet {
	nowMs = 1_800_000_000_000;
	/** Has its clock set back, or forward. */
	setMs = 0;
	nodes: { id: Uint8Array; publicDer: Uint8Array }[] = [];
	/** How often it was asked for its nodes. */
	asked = 0;
	readonly key = new BlsKey(utf8("a subnet"), "of its own");
	isRoot = false;
	/** The first and the last canister on it. */
	range: [Uint8Array, Uint8Array] = [Uint8Array.of(1), Uint8Array.of(9)];
	readonly signatures: NodeSignatures;

	constructor(verifier: Ed25519Verify | undefined) {
		this.signatures = new NodeSignatures({
			network: { rootKey: async () => this.key.publicDer },
			canisterId: { toUint8Array: () => Uint8Array.of(5) },
			ports: {
				sha256: nodePorts.sha256,
				now: () => this.nowMs + this.setMs,
				monotonic: () => this.nowMs,
				...(verifier && { ed25519Verify: verifier }),
			},
			nowMs: () => this.nowMs + this.setMs,
			readState: async () => {
				this.asked++;
				const { subnetId } = this.key;
				const certificate = { tree: this.#tree(subnetId), signature: new Uint8Array(48) };
				const delegation = { subnet_id: subnetId, certificate: new Uint8Array() };
				return this.isRoot ? certificate : { ...certificate, delegation };
			},
			verify: async () => {},
		});
	}

	/** A node of it. */
	add(name: string): NodeKey {
		const node = new NodeKey(utf8("a subnet"), name);
		this.nodes.push({ id: node.nodeId, publicDer: node.publicDer });
		return node;
	}

	#tree(subnetId: Uint8Array): HashTree {
		const labeled = (name: string | Uint8Array, tree: HashTree): HashTree => [
			2,
			typeof name === "string" ? utf8(name) : name,
			tree,
		];
		const nodes = this.nodes
			.map(({ id, publicDer }) => labeled(id, labeled("public_key", [3, publicDer])))
			.reduce<HashTree>((before, node) => [1, before, node], [0]);
		const ranges = labeled("canister_ranges", [3, Cbor.encode([this.range])]);
		return labeled("subnet", labeled(subnetId, [1, ranges, labeled("node", nodes)]));
	}

	verify(...signatures: unknown[]): Promise<void> {
		return this.signatures.verify({ ...ANSWER, signatures }, REQUEST_ID);
	}
}

const signed = (node: NodeKey, atMs: number) => {
	const timestamp = BigInt(atMs) * 1_000_000n;
	return {
		timestamp,
		identity: new Uint8Array(node.nodeId),
		signature: new Uint8Array(node.sign(signedBytes(ANSWER, timestamp, REQUEST_ID))),
	};
};

describe.each<[string, Ed25519Verify | undefined]>([
	["the library of a page", undefined],
	["Node itself", nodePorts.ed25519Verify],
])("the signature of the node that answered a query, verified by %s", (_, verifier) => {
	const newSubnet = () => new Subnet(verifier);

	it("is the one that the IC's own engine makes", async () => {
		const recorded = readFileSync(new URL("../localnet/golden/transcripts.jsonl", import.meta.url), "utf8")
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		const bytesOf = (shown: string) =>
			new Uint8Array(Buffer.from(/^bytes\(\d+\) ([0-9a-f]*)$/.exec(shown)?.[1] ?? "", "hex"));
		const state = JSON.stringify(recorded.find(({ name }) => name === "read_state subnet (v2)"));
		const subnet = newSubnet();
		for (const [, id, der] of state.matchAll(
			/label 0x([0-9a-f]{58})":\{"label public_key":"leaf\(44\) ([0-9a-f]{88})"/g,
		))
			subnet.nodes.push({ id: Buffer.from(id!, "hex"), publicDer: Buffer.from(der!, "hex") });
		let checked = 0;
		for (const { request, response } of recorded) {
			const { signatures: shown, ...answer } = response.decoded ?? {};
			if (!Array.isArray(shown)) continue;
			const [{ timestamp, signature, identity }] = shown;
			const arg = answer.reply?.arg;
			// Of long arguments only the beginning was kept.
			if (arg && bytesOf(arg).length !== Number(/\d+/.exec(arg)?.[0])) continue;
			if (arg) answer.reply.arg = bytesOf(arg);
			subnet.nowMs = Number(BigInt(timestamp) / 1_000_000n);
			const signatures = [
				{ timestamp: BigInt(timestamp), signature: bytesOf(signature), identity: bytesOf(identity) },
			];
			const id = new Uint8Array(Buffer.from(request.content.request_id, "hex"));
			await subnet.signatures.verify({ ...answer, signatures }, id);
			checked++;
		}
		expect(checked).toBeGreaterThan(8);
	});

	it("is looked for at the root subnet where nobody was delegated to, for canisters on that alone", async () => {
		const subnet = newSubnet();
		subnet.isRoot = true;
		const node = subnet.add("one");
		await subnet.verify(signed(node, subnet.nowMs));

		const elsewhere = newSubnet();
		elsewhere.isRoot = true;
		elsewhere.nodes = subnet.nodes;
		elsewhere.range = [Uint8Array.of(6), Uint8Array.of(9)];
		const error = await failure(elsewhere.verify(signed(node, subnet.nowMs)));
		expect(isBlobError(error, "certificate_invalid") && error.message).toContain("not on");
	});

	it("costs one question for the nodes, for all answers of an hour", async () => {
		const subnet = newSubnet();
		const [one, two] = [subnet.add("one"), subnet.add("two")];
		subnet.signatures.prepare();
		await Promise.all([one, two, one].map((node) => subnet.verify(signed(node, subnet.nowMs))));
		subnet.nowMs += 59 * MINUTE;
		await subnet.verify(signed(two, subnet.nowMs));
		expect(subnet.asked).toBe(1);
		subnet.nowMs += 2 * MINUTE;
		await subnet.verify(signed(two, subnet.nowMs));
		expect(subnet.asked).toBe(2);
		subnet.setMs = -30 * MINUTE;
		subnet.nowMs += 61 * MINUTE;
		await subnet.verify(signed(two, subnet.nowMs + subnet.setMs));
		expect(subnet.asked).toBe(3);
	});

	it("may be of a node that has come since, and not of one that is gone", async () => {
		const subnet = newSubnet();
		const old = subnet.add("old");
		await subnet.verify(signed(old, subnet.nowMs));
		subnet.nodes = [];
		await subnet.verify(signed(subnet.add("new"), subnet.nowMs));
		expect(subnet.asked).toBe(2);
		expect(isBlobError(await failure(subnet.verify(signed(old, subnet.nowMs))), "certificate_invalid")).toBe(
			true,
		);
	});

	it("must be there, well-formed, of a node of the subnet, under this very answer", async () => {
		const subnet = newSubnet();
		const good = signed(subnet.add("one"), subnet.nowMs);
		const stranger = signed(new NodeKey(utf8("elsewhere"), "one"), subnet.nowMs);
		const cases: unknown[][] = [
			[],
			[undefined],
			[{}],
			[{ ...good, timestamp: "now" }],
			[{ ...good, timestamp: good.timestamp + 1n }],
			[{ ...good, signature: good.signature.subarray(1) }],
			[{ ...good, signature: new Uint8Array(64).fill(255) }],
			[{ ...good, identity: new Uint8Array(29) }],
			[{ ...stranger, identity: good.identity }],
			[stranger],
			[good, stranger],
			Array(14).fill(good),
		];
		for (const signatures of cases)
			expect(
				isBlobError(await failure(subnet.verify(...signatures)), "certificate_invalid"),
				JSON.stringify(signatures, (_, value) => (typeof value === "bigint" ? String(value) : value)),
			).toBe(true);
		const other = { status: "replied", reply: { arg: utf8("hullo") }, signatures: [good] };
		const changed = await failure(subnet.signatures.verify(other, REQUEST_ID));
		expect(isBlobError(changed, "certificate_invalid")).toBe(true);
		const elsewhere = await failure(
			subnet.signatures.verify({ ...ANSWER, signatures: [good] }, new Uint8Array(32)),
		);
		expect(isBlobError(elsewhere, "certificate_invalid")).toBe(true);
		await subnet.verify(good);
	});

	it("is under a key of 32 bytes and nothing behind them", () => {
		const node = new NodeKey(utf8("a subnet"), "one");
		const key = new Uint8Array(node.publicDer).slice(-32);
		const message = utf8("hello");
		const verify = verifier ?? verifyEd25519;
		const signature = new Uint8Array(node.sign(message));
		expect(verify(key, signature, message)).toBe(true);
		for (const other of [key.slice(1), Uint8Array.of(...key, 0), new Uint8Array(0)])
			expect(verify(other, signature, message)).toBe(false);
	});

	it("is of the last five minutes", async () => {
		const subnet = newSubnet();
		const node = subnet.add("one");
		await subnet.verify(signed(node, subnet.nowMs - 4 * MINUTE));
		await subnet.verify(signed(node, subnet.nowMs + 4 * MINUTE));
		const old = await failure(subnet.verify(signed(node, subnet.nowMs - 6 * MINUTE)));
		expect(isBlobError(old, "certificate_stale") && old.details.ageMs).toBe(6 * MINUTE);
		const ahead = await failure(subnet.verify(signed(node, subnet.nowMs + 6 * MINUTE)));
		expect(isBlobError(ahead, "certificate_invalid") && ahead.message).toContain("clock");
	});
});
