import {
	chunkCount,
	MAX_LEAVES_PER_PAGE,
	SHA256_BYTES,
	sameBytes,
	type WireLeaves,
	type WireList,
	type WireListEntry,
	type WireListPage,
	type WireManifest,
	type WireStat,
} from "../../protocol/index.js";
import { type ListEntry, mergeLists } from "../catalog/index.js";
import { toManifest } from "./answers.js";
import { type Blob, Blobs, type Sight } from "./blobs.js";
import { refuse } from "./refusal.js";
import { pageLimit } from "./requests.js";
import { isAnonymous } from "./roles.js";
import type { State } from "./state.js";

/** A page ends when its manifests reach this: a manifest has up to 6 KB, and a reply of an update up to 2 MiB. */
const MAX_PAGE_BYTES = 1 << 20;

/**
 * An entry costs 5.3 M instructions, and one that is 32 directories deep, each of its own, 7.5 M more; a query may take
 * 5 B. So a key counts once more for every 12 segments.
 */
const SEGMENTS_PER_ENTRY = 12;

/** Reads: all of them queries, that may be asked as updates where the answer must be certified. */
export class Reading {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	stat({ key, min_sequence }: WireStat): WireManifest {
		this.#refuseBehind(min_sequence[0]);
		return toManifest(this.#visible(key));
	}

	leaves({ key, sequence, from, limit }: WireLeaves): Uint8Array {
		const blob = this.#version(key, sequence);
		const count = chunkCount(BigInt(blob.size), blob.chunkSize);
		const to = Math.min(count, from + pageLimit(limit, MAX_LEAVES_PER_PAGE));
		const leaves = new Uint8Array(Math.max(0, to - from) * SHA256_BYTES);
		this.#state.contents.copyLeaves(blob.content, from, to, leaves);
		return leaves;
	}

	chunk(key: string, sequence: bigint, index: number): Uint8Array {
		const blob = this.#version(key, sequence);
		const count = chunkCount(BigInt(blob.size), blob.chunkSize);
		if (index >= count) refuse("chunk_out_of_range", { index: BigInt(index), count: BigInt(count) });
		const chunk = this.#state.contents.chunk(blob.content, index);
		if (chunk === undefined) throw new Error(`blob ${blob.sequence} has no chunk ${index}`);
		return this.#state.slots.read(chunk.slot);
	}

	list({ prefix, recursive, after, limit, min_sequence }: WireList): WireListPage {
		this.#refuseBehind(min_sequence[0]);
		const entries: WireListEntry[] = [];
		let left = pageLimit(limit);
		let bytes = 0;
		let last: string | undefined;
		for (const entry of this.#entries(prefix, recursive, after[0])) {
			if (left <= 0 || bytes > MAX_PAGE_BYTES) return { entries, next: last === undefined ? [] : [last] };
			last = "key" in entry ? entry.key : entry.directory;
			left -= 1 + Math.floor(last.split("/").length / SEGMENTS_PER_ENTRY);
			bytes += 256 + last.length * 3;
			if ("directory" in entry) entries.push({ directory: entry.directory });
			else {
				const blob = this.#state.blobs.get(entry.key);
				if (blob === undefined) throw new Error("the catalog names a blob that is not stored");
				for (const [, value] of blob.metadata) bytes += value.length * 3;
				entries.push({ blob: toManifest(blob) });
			}
		}
		return { entries, next: [] };
	}

	#entries(prefix: string, recursive: boolean, after: string | undefined): Iterable<ListEntry> {
		const range = after === undefined ? { prefix, recursive } : { prefix, recursive, after };
		const [first, second] = Blobs.visible(this.#sight()).map((tree) => this.#state.blobs.list(tree, range));
		return second === undefined ? first! : mergeLists(first!, second);
	}

	#sight(): Sight {
		const caller = this.#state.host.caller();
		if (isAnonymous(caller)) return "public";
		return this.#state.roles.has(caller, "reader") ? "all" : { owner: caller };
	}

	/** A blob that the caller may read. To all others it is as if it were not there. */
	#visible(key: string): Blob {
		const blob = this.#state.blobs.get(key);
		if (blob === undefined || !this.#mayRead(blob)) return refuse("blob_not_found", {});
		return blob;
	}

	#mayRead(blob: Blob): boolean {
		if (blob.isPublic) return true;
		const caller = this.#state.host.caller();
		return sameBytes(blob.owner, caller) || this.#state.roles.has(caller, "reader");
	}

	/** The blob, if the key still holds this version of it: a read never mixes two. */
	#version(key: string, sequence: bigint): Blob {
		const blob = this.#visible(key);
		if (BigInt(blob.sequence) !== sequence) refuse("blob_replaced", { sequence: BigInt(blob.sequence) });
		return blob;
	}

	#refuseBehind(least: bigint | undefined): void {
		const sequence = BigInt(this.#state.sequence);
		if (least !== undefined && sequence < least) refuse("behind", { sequence });
	}
}
