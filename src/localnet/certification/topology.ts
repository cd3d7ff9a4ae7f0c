/**
 * The system state tree, "Subnet information" and "Canister ranges"; Certification, "Delegation".
 *
 * A small version of mainnet's subnets: a root subnet, which only signs delegations, a system subnet, which has the
 * system's canisters, and an application subnet, which has all others. The last two share one node.
 */

import { equal, hex, leb128, utf8 } from "../encoding/bytes.js";
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

const range = (first: string, last = first): Range => [
	Buffer.from(`${first}0101`, "hex"),
	Buffer.from(`${last}0101`, "hex"),
];

/** The ranges of mainnet's root subnet without the cycles minting canister. None of these canisters exists here. */
const ROOT_RANGES: readonly Range[] = [
	range("0000000000000000", "0000000000000003"),
	range("0000000000000005", "0000000000000006"),
	range("0000000000000008", "00000000000fffff"),
];
/** The cycles minting canister's and the cycles ledger's ids, as on mainnet. */
const SYSTEM_RANGES: readonly Range[] = [range("0000000000000004"), range("0000000002100002")];
const APPLICATION_RANGES: readonly Range[] = [[canisterIdAt(0), canisterIdAt(0xfffff)]];

const within = ([first, last]: Range, id: Uint8Array) =>
	Buffer.compare(first, id) <= 0 && Buffer.compare(id, last) <= 0;

/** Where an agent reads the ranges: v2 under `/subnet`, v3 under `/canister_ranges` (call: v3 and v4). */
export type DelegationFormat = "flat" | "tree";

/** How subnets sign: with BLS12-381, or with hashes for tests (test-signatures.ts). */
export type Signatures = "bls" | "test";

export const subnetKey = (signatures: Signatures, seed: Uint8Array, name: string): SubnetKey =>
	signatures === "test" ? new TestKey(seed, name) : new BlsKey(seed, name);

export class Topology {
	readonly root: SubnetKey;
	readonly system: SubnetKey;
	readonly application: SubnetKey;
	readonly node: NodeKey;
	readonly #nodes: Directory;
	readonly #delegations = new Map<string, { readonly delegation: Delegation; readonly time: bigint }>();

	constructor(
		seed: Uint8Array,
		readonly signatures: Signatures = "bls",
	) {
		this.root = subnetKey(signatures, seed, "root subnet");
		this.system = subnetKey(signatures, seed, "system subnet");
		this.application = subnetKey(signatures, seed, "application subnet");
		this.node = new NodeKey(seed, "node");
		this.#nodes = Directory.of([
			[this.node.nodeId, Directory.of([[utf8("public_key"), new Leaf(this.node.publicDer)]])],
		]);
	}

	get subnetIds(): readonly Uint8Array[] {
		return [this.root.subnetId, this.system.subnetId, this.application.subnetId];
	}

	/** Whether a canister may be created with this id. */
	isFree(canisterId: Uint8Array): boolean {
		return APPLICATION_RANGES.some((range) => within(range, canisterId));
	}

	/** The subnet of a canister, or the subnet with this id. */
	subnetOf(id: Uint8Array): SubnetKey {
		const isSystem = SYSTEM_RANGES.some((range) => within(range, id)) || equal(id, this.system.subnetId);
		return isSystem ? this.system : this.application;
	}

	inRange(canisterId: Uint8Array): boolean {
		return [...SYSTEM_RANGES, ...APPLICATION_RANGES].some((range) => within(range, canisterId));
	}

	/** The entries `subnet` and `canister_ranges` of a state tree. */
	entries(canisters: number, messages: bigint, consumedCycles: bigint): [Uint8Array, Directory][] {
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
					subnet(this.system, "system", SYSTEM_RANGES, [[utf8("node"), this.#nodes]]),
					subnet(this.application, "application", APPLICATION_RANGES, [
						[utf8("node"), this.#nodes],
						[utf8("metrics"), new Leaf(metrics)],
					]),
				]),
			],
			[
				utf8("canister_ranges"),
				Directory.of([
					shards(this.root, ROOT_RANGES),
					shards(this.system, SYSTEM_RANGES),
					shards(this.application, APPLICATION_RANGES),
				]),
			],
		];
	}

	/** Signed by the root subnet and cached: on mainnet, too, a delegation stays in use for days. */
	delegation(format: DelegationFormat, time: bigint, { subnetId: id } = this.application): Delegation {
		const name = `${format} ${hex(id)}`;
		const known = this.#delegations.get(name);
		if (known && time - known.time < TIMES.delegationMaxAgeNs) return known.delegation;
		const subnet = utf8("subnet");
		const paths: Path[] = [[utf8("time")], [subnet, id, utf8("public_key")]];
		paths.push(format === "flat" ? [subnet, id, utf8("canister_ranges")] : [utf8("canister_ranges"), id]);
		const tree = Directory.of([...this.entries(0, 0n, 0n), [utf8("time"), new Leaf(leb128(time))]]);
		const certificate = new CertifiedState(tree, time, this.root).certificate(paths);
		const delegation = { subnetId: id, certificate };
		this.#delegations.set(name, { delegation, time });
		return delegation;
	}
}
