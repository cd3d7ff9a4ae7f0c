import {
	countOf,
	isFileAt,
	isOverfull,
	isUnderfull,
	labelAt,
	levelOf,
	linkAt,
} from "../../../src/canister/catalog/node.js";
import type { StableMap } from "../../../src/canister/ports.js";

/** A stable map in the heap that counts, copies as Azle's does, and takes nothing but single keys. */
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
	set(key: Uint8Array, value: Uint8Array): void {
		this.writes++;
		this.bytesWritten += value.length;
		this.values.set(hex(key), value.slice());
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

/** Reads the whole map and throws where it is not what node.ts and store.ts say. */
export function checkStructure(map: CountingMap): Structure {
	const head = Buffer.from(map.values.get(idKey(0))!);
	const next = head.readUInt32BE(1);
	const seen = new Set<number>();
	const found = { keys: 0, nodes: 0, free: 0, directories: 0, height: 0, bytes: 0 };

	const visit = (
		id: number,
		isRoot: boolean,
		low: Buffer,
		high: Buffer | undefined,
		level?: number,
	): void => {
		if (seen.has(id)) throw new Error(`node ${id} is used twice`);
		seen.add(id);
		const node = map.values.get(idKey(id));
		if (node === undefined) throw new Error(`node ${id} is missing`);
		found.nodes++;
		found.bytes += node.length;
		const count = countOf(node);
		if (node.length > 4_096 || isOverfull(node)) throw new Error(`node ${id} is overfull`);
		if (!isRoot && isUnderfull(node)) throw new Error(`node ${id} is underfull`);
		if (level !== undefined && levelOf(node) !== level)
			throw new Error(`node ${id} is not at level ${level}`);
		if (levelOf(node) > 0 && count < 2) throw new Error(`inner node ${id} has ${count} children`);
		if (id !== 1 && count === 0) throw new Error(`node ${id} is empty`);
		let labels = 0;
		for (let i = 0; i < count; i++) labels += labelAt(node, i).length;
		if (node.length !== 2 + 9 * count + labels) throw new Error(`node ${id} holds garbage`);
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
				visit(linkAt(node, i), false, from, to, levelOf(node) - 1);
				continue;
			}
			if (label.compare(low) < 0 || (high !== undefined && label.compare(high) >= 0))
				throw new Error(`node ${id} has a label beyond its bounds at ${i}`);
			if (i > 0 && label.compare(Buffer.from(labelAt(node, i - 1))) <= 0)
				throw new Error(`node ${id} is out of order at ${i}`);
			if (isFileAt(node, i)) found.keys++;
			const directory = linkAt(node, i);
			if (directory !== 0) visit(directory, true, Buffer.alloc(0), undefined);
			else if (!isFileAt(node, i)) throw new Error(`node ${id} has an entry for nothing at ${i}`);
		}
	};
	visit(1, true, Buffer.alloc(0), undefined);

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

/** A reproducible source of whole numbers below n (mulberry32). */
export function randomOf(seed: number): (n: number) => number {
	let state = seed;
	return (n) => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * n);
	};
}
