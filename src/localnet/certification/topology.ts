/**
 * The system state tree, "Subnet information" and "Canister ranges"; Certification, "Delegation".
 *
 * Two subnets as on mainnet, in the small: a root subnet, which only signs delegations, and an application
 * subnet with one node, which has all canisters.
 */

import { leb128, utf8 } from "../encoding/bytes.js";
import { type Encodable, encodeBare, encodeCbor } from "../encoding/cbor-encode.js";
import { type CanisterId, canisterIdAt } from "../execution/canister-id.js";
import { TIMES } from "../limits.js";
import { CertifiedState, type Delegation } from "./certificate.js";
import { Directory, Leaf } from "./hash-tree.js";
import { BlsKey, NodeKey, type SubnetKey } from "./keys.js";
import { TestKey } from "./test-signatures.js";
import type { Path } from "./witness.js";

/** The first and the last canister id of a range. */
type Range = readonly [CanisterId, CanisterId];

/** What mainnet's root subnet has; none of these canisters exists here. */
const ROOT_RANGES: readonly Range[] = [
	[Buffer.from("00000000000000000101", "hex"), Buffer.from("00000000000000060101", "hex")],
	[Buffer.from("00000000000000080101", "hex"), Buffer.from("00000000000fffff0101", "hex")],
];
const APPLICATION_RANGES: readonly Range[] = [[canisterIdAt(0), canisterIdAt(0xfffff)]];

/** Where an agent looks for the ranges: v2 under `/subnet`, v3 under `/canister_ranges` (call: v3 and v4). */
export type DelegationFormat = "flat" | "tree";

/** How subnets sign: by BLS12-381, or by hashes that only tests take for signatures (test-signatures.ts). */
export type Signatures = "bls" | "test";

export const subnetKey = (signatures: Signatures, seed: Uint8Array, name: string): SubnetKey =>
	signatures === "test" ? new TestKey(seed, name) : new BlsKey(seed, name);

export class Topology {
	readonly root: SubnetKey;
	readonly application: SubnetKey;
	readonly node: NodeKey;
	readonly #delegations = new Map<
		DelegationFormat,
		{ readonly delegation: Delegation; readonly time: bigint }
	>();

	constructor(seed: Uint8Array, signatures: Signatures = "bls") {
		this.root = subnetKey(signatures, seed, "root subnet");
		this.application = subnetKey(signatures, seed, "application subnet");
		this.node = new NodeKey(seed, "node");
	}

	get subnetIds(): readonly Uint8Array[] {
		return [this.root.subnetId, this.application.subnetId];
	}

	inRange(canisterId: Uint8Array): boolean {
		return APPLICATION_RANGES.some(
			([first, last]) => Buffer.compare(first, canisterId) <= 0 && Buffer.compare(canisterId, last) <= 0,
		);
	}

	/** The entries `subnet` and `canister_ranges` of a state tree. */
	entries(canisters: number, messages: bigint, consumedCycles: bigint): [Uint8Array, Directory][] {
		const nodes = Directory.of([
			[this.node.nodeId, Directory.of([[utf8("public_key"), new Leaf(this.node.publicDer)]])],
		]);
		const metrics = encodeBare(
			new Map<number, Encodable>([
				[0, canisters],
				[1, 0],
				[2, new Map([consumedCycles & (2n ** 64n - 1n), consumedCycles >> 64n].entries())],
				[3, messages],
			]),
		);
		const subnet = (
			key: SubnetKey,
			type: string,
			ranges: readonly Range[],
			more: [Buffer, Directory | Leaf][],
		) =>
			[
				key.subnetId,
				Directory.of([
					[utf8("canister_ranges"), new Leaf(encodeCbor(ranges))],
					[utf8("public_key"), new Leaf(key.publicDer)],
					[utf8("type"), new Leaf(utf8(type))],
					...more,
				]),
			] as const;
		const shards = (key: SubnetKey, ranges: readonly Range[]) =>
			[key.subnetId, Directory.of([[ranges[0]![0], new Leaf(encodeCbor(ranges))]])] as const;
		return [
			[
				utf8("subnet"),
				Directory.of([
					subnet(this.root, "system", ROOT_RANGES, []),
					subnet(this.application, "application", APPLICATION_RANGES, [
						[utf8("node"), nodes],
						[utf8("metrics"), new Leaf(metrics)],
					]),
				]),
			],
			[
				utf8("canister_ranges"),
				Directory.of([shards(this.root, ROOT_RANGES), shards(this.application, APPLICATION_RANGES)]),
			],
		];
	}

	/** Signed by the root subnet, and kept: on mainnet too one delegation serves for days. */
	delegation(format: DelegationFormat, time: bigint): Delegation {
		const known = this.#delegations.get(format);
		if (known && time - known.time < TIMES.delegationMaxAgeNs) return known.delegation;
		const id = this.application.subnetId;
		const subnet = utf8("subnet");
		const paths: Path[] = [[utf8("time")], [subnet, id, utf8("public_key")]];
		paths.push(format === "flat" ? [subnet, id, utf8("canister_ranges")] : [utf8("canister_ranges"), id]);
		const tree = Directory.of([...this.entries(0, 0n, 0n), [utf8("time"), new Leaf(leb128(time))]]);
		const certificate = new CertifiedState(tree, time, this.root).certificate(paths);
		const delegation = { subnetId: id, certificate };
		this.#delegations.set(format, { delegation, time });
		return delegation;
	}
}
