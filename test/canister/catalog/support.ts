import { createHash } from "node:crypto";
import {
	countOf,
	digestAt,
	FLAG,
	flagAt,
	heapOf,
	isFileAt,
	isOverfull,
	isUnderfull,
	KIND,
	type Kind,
	kindOf,
	labelAt,
	levelOf,
	linkAt,
	valueAt,
} from "../../../src/canister/catalog/node.js";
import { hashingOf } from "../../../src/canister/host/hashing.js";
import type { StableMap } from "../../../src/canister/host/ports.js";
import { seeded } from "../../support/seeded.js";

export const sha256 = (bytes: Uint8Array): Uint8Array =>
	new Uint8Array(createHash("sha256").update(bytes).digest());
export const hashing = hashingOf(sha256);

/** A stable map on the heap that counts accesses, copies as Azle's does, and accepts single keys only. */
export class CountingMap implements StableMap {
	readonly values = new Map<string, Uint8Array>();
	reads = 0;
	writes = 0;
	bytesWritten = 0;

	get(key: Uint8Array): Uint8Array | undefined {
		this.reads++;
		return this.values.get(hex(key))?.slice();
	}
	has(key: Uint8Array): boolean {
		this.reads++;
		return this.values.has(hex(key));
	}
	set(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
		this.writes++;
		this.bytesWritten += value.length;
		const before = this.values.get(hex(key));
		this.values.set(hex(key), value.slice());
		return before;
	}
	delete(key: Uint8Array): void {
		this.writes++;
		this.values.delete(hex(key));
	}

	/** What `change` costs. */
	cost(change: () => unknown): { reads: number; writes: number; bytesWritten: number } {
		const { reads, writes, bytesWritten } = this;
		change();
		return {
			reads: this.reads - reads,
			writes: this.writes - writes,
			bytesWritten: this.bytesWritten - bytesWritten,
		};
	}
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const idKey = (id: number): string => id.toString(16).padStart(16, "0");

export interface Structure {
	/** `root name/segment/...` in hex, of every key. */
	readonly keys: number;
	readonly nodes: number;
	readonly free: number;
	readonly directories: number;
	/** Levels of the highest directory. */
	readonly height: number;
	readonly bytes: number;
}

const domain = (name: string) => Buffer.from([name.length, ...Buffer.from(name)]);
const digestOf = (name: string, ...parts: Uint8Array[]) =>
	Buffer.from(sha256(Buffer.concat([domain(`ic-hashtree-${name}`), ...parts])));
const labeledDigest = (label: Uint8Array, under: Uint8Array) => digestOf("labeled", label, under);

/** A balanced tree of forks, split at the largest power of 2 below the number of digests. */
function forkDigest(digests: readonly Buffer[]): Buffer {
	if (digests.length === 0) return digestOf("empty");
	if (digests.length === 1) return digests[0]!;
	let half = 1;
	while (half * 2 < digests.length) half *= 2;
	return digestOf("fork", forkDigest(digests.slice(0, half)), forkDigest(digests.slice(half)));
}

/**
 * Reads the whole map and throws where it is not what node.ts and store.ts say, digests included. `sets`: the label
 * sets that somebody holds, with the number of their labels.
 */
export function checkStructure(map: CountingMap, sets: Record<number, number> = {}): Structure {
	const head = Buffer.from(map.values.get(idKey(0))!);
	const next = head.readUInt32BE(1);
	const seen = new Set<number>();
	const found = { keys: 0, nodes: 0, free: 0, directories: 0, height: 0, bytes: 0 };

	const visit = (
		id: number,
		isRoot: boolean,
		low: Buffer,
		high: Buffer | undefined,
		kind: Kind,
		level?: number,
	): Buffer => {
		if (seen.has(id)) throw new Error(`node ${id} is used twice`);
		seen.add(id);
		const record = map.values.get(idKey(id));
		if (record === undefined) throw new Error(`node ${id} is missing`);
		const run = levelOf(record) === 0 ? 8 : 16;
		const runs = kind === KIND.plain || countOf(record) <= run ? 0 : Math.ceil(countOf(record) / run);
		const node = record.subarray(0, record.length - 32 * runs);
		found.nodes++;
		found.bytes += node.length;
		const count = countOf(node);
		if (node.length > (levelOf(node) === 0 ? 4_098 : 16_386) || isOverfull(node))
			throw new Error(`node ${id} is overfull`);
		if (!isRoot && isUnderfull(node)) throw new Error(`node ${id} is underfull`);
		if (level !== undefined && levelOf(node) !== level)
			throw new Error(`node ${id} is not at level ${level}`);
		if (levelOf(node) > 0 && count < 2) throw new Error(`inner node ${id} has ${count} children`);
		if (id > 2 && count === 0) throw new Error(`node ${id} is empty`);
		let labels = 0;
		for (let i = 0; i < count; i++) labels += labelAt(node, i).length;
		if (kindOf(node) !== kind) throw new Error(`node ${id} is of kind ${kindOf(node)}`);
		if (node.length !== heapOf(node) + labels) throw new Error(`node ${id} holds garbage`);
		if (isRoot) {
			found.directories++;
			found.height = Math.max(found.height, levelOf(node) + 1);
		}
		for (let i = 0; i < count; i++) {
			const label = Buffer.from(labelAt(node, i));
			if (levelOf(node) > 0) {
				if (i === 0 && label.length > 0) throw new Error(`node ${id} bounds its first child`);
				const from = i === 0 ? low : label;
				const to = i + 1 < count ? Buffer.from(labelAt(node, i + 1)) : high;
				if (to !== undefined && from.compare(to) >= 0) throw new Error(`node ${id} is out of order at ${i}`);
				const digest = visit(linkAt(node, i), false, from, to, kind, levelOf(node) - 1);
				if (kind !== KIND.plain && digest.compare(digestAt(node, i)) !== 0)
					throw new Error(`node ${id} has a wrong digest at ${i}`);
				continue;
			}
			if (label.compare(low) < 0 || (high !== undefined && label.compare(high) >= 0))
				throw new Error(`node ${id} has a label beyond its bounds at ${i}`);
			if (i > 0 && label.compare(Buffer.from(labelAt(node, i - 1))) <= 0)
				throw new Error(`node ${id} is out of order at ${i}`);
			if (isFileAt(node, i)) found.keys++;
			const directory = linkAt(node, i);
			const isSelf = flagAt(node, i) === FLAG.self;
			const isOthers = flagAt(node, i) === FLAG.others;
			if (isSelf !== (label.toString() === "<$>")) throw new Error(`node ${id} has a wrong flag at ${i}`);
			if (directory !== 0) {
				// Directly below the certified roots: "private" has labels, all else paths.
				const below = id === 2 && label.toString() === "private" ? KIND.labels : kind;
				const digest = visit(directory, true, Buffer.alloc(0), undefined, below);
				if (kind !== KIND.plain && digest.compare(valueAt(node, i)) !== 0)
					throw new Error(`node ${id} has a wrong value at ${i}`);
				const inside = map.values.get(idKey(directory))!;
				if (levelOf(inside) === 0 && countOf(inside) === 1 && flagAt(inside, 0) === FLAG.self)
					throw new Error(`node ${directory} holds nothing but <$>`);
			}
			if (kind !== KIND.plain) {
				let under = Buffer.from(valueAt(node, i));
				if (kind === KIND.paths && directory === 0 && !isSelf && !isOthers)
					under = labeledDigest(Buffer.from("<$>"), under);
				if (labeledDigest(label, under).compare(digestAt(node, i)) !== 0)
					throw new Error(`node ${id} has a wrong digest at ${i}`);
			}
			if (directory === 0 && !isSelf && !isOthers && !isFileAt(node, i))
				throw new Error(`node ${id} has an entry for nothing at ${i}`);
		}
		if (kind === KIND.plain) return Buffer.alloc(0);
		const digests = Array.from({ length: count }, (_, i) => Buffer.from(digestAt(node, i)));
		for (let i = 0; i < runs; i++) {
			const at = node.length + 32 * i;
			if (forkDigest(digests.slice(run * i, run * (i + 1))).compare(record, at, at + 32) !== 0)
				throw new Error(`node ${id} has a wrong digest of run ${i}`);
		}
		return forkDigest(digests);
	};
	visit(1, true, Buffer.alloc(0), undefined, KIND.plain);
	visit(2, true, Buffer.alloc(0), undefined, KIND.paths);
	for (const [set, labels] of Object.entries(sets)) {
		const before = found.keys;
		visit(Number(set), true, Buffer.alloc(0), undefined, KIND.labels);
		if (found.keys - before !== labels) throw new Error(`set ${set} has ${found.keys - before} labels`);
		found.keys = before;
	}

	for (
		let id = head.readUInt32BE(5);
		id !== 0;
		id = Buffer.from(map.values.get(idKey(id))!).readUInt32BE(1)
	) {
		if (seen.has(id)) throw new Error(`node ${id} is free and in use`);
		seen.add(id);
		found.free++;
	}
	if (seen.size !== next - 1) throw new Error(`${next - 1 - seen.size} nodes are lost`);
	if (map.values.size !== next) throw new Error("the map holds what is no node");
	return found;
}

export function compareKeys(a: string, b: string): number {
	const left = a.split("/");
	const right = b.split("/");
	for (let i = 0; i < left.length && i < right.length; i++) {
		const order = Buffer.compare(Buffer.from(left[i]!), Buffer.from(right[i]!));
		if (order !== 0) return order;
	}
	return left.length - right.length;
}

/** What a list should say, from the definition: the keys past `after`, with the prefix, folded. */
export function modelList(
	keys: Iterable<string>,
	{ prefix, recursive, after }: { prefix: string; recursive: boolean; after?: string },
): string[] {
	const past = (key: string): boolean => {
		if (after === undefined || after === "") return true;
		if (!after.endsWith("/")) return compareKeys(key, after) > 0;
		return !key.startsWith(after) && compareKeys(key, after.slice(0, -1)) > 0;
	};
	const listed = new Set<string>();
	for (const key of [...keys].sort(compareKeys)) {
		if (!key.startsWith(prefix) || !past(key)) continue;
		const border = recursive ? -1 : key.indexOf("/", prefix.length);
		listed.add(border < 0 ? key : key.slice(0, border + 1));
	}
	return [...listed];
}

/** A reproducible source of whole numbers below n. */
export function randomOf(seed: number): (n: number) => number {
	const random = seeded(seed);
	return (n) => Math.floor(random() * n);
}
