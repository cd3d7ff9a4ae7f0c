import type { VerifiedBlob } from "../../client/index.js";
import type { Span } from "../../protocol/ranges.js";
import type { ChunkMemory, Lease } from "./memory.js";

/** What a body is made of, in order: bytes of its own, and parts of a blob. */
export type Segment = Uint8Array | Span;

/** Why a body ended before its end. */
export type CutReason = "stalled" | "closed";

/** Most bytes handed out at a time, so that a slow reader shows. */
const PART = 262_144;
/** Chunks asked for at first, by a reader that may want a few bytes only; twice as many with each that is taken. */
const FIRST_AHEAD = 2;

interface Piece {
	readonly index: number;
	/** Within the chunk. */
	readonly from: number;
	readonly to: number;
}

interface Ahead {
	readonly piece: Piece;
	readonly lease: Lease;
}

/** Where chunks come from. */
export interface ChunkSource {
	readonly blob: VerifiedBlob;
	/** Names a chunk among those of all blobs. */
	nameOf(index: number): string;
	load(index: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface BodyOptions {
	readonly memory: ChunkMemory;
	/** Most chunks asked for ahead of the one that is being read, at least 1. */
	readonly readAhead: number;
}

/** The bytes of an answer, fetched ahead as far as there is room, and no further than they are taken. */
export class Body {
	readonly #source: ChunkSource;
	readonly #options: BodyOptions;
	readonly #pieces: Iterator<Uint8Array | Piece, undefined>;
	#pending: Uint8Array | Piece | undefined;
	#ahead: Ahead[] = [];
	#window: number;
	#current: { lease: Lease | undefined; bytes: Uint8Array; at: number } | undefined;
	#first: Promise<Uint8Array | undefined> | undefined;
	#closed: CutReason | undefined;
	#onClose: ((reason: CutReason) => void) | undefined;
	/** When the last part was handed out; undefined while the reader waits for us. */
	#handedOutMs: number | undefined;

	constructor(source: ChunkSource, segments: readonly Segment[], options: BodyOptions) {
		this.#source = source;
		this.#options = options;
		this.#window = Math.min(FIRST_AHEAD, options.readAhead);
		this.#pieces = piecesOf(source.blob, segments);
		this.#pending = this.#pieces.next().value;
	}

	/** Since when the reader has not taken anything, by `performance.now()`; undefined where it waits itself. */
	get idleSinceMs(): number | undefined {
		return this.#handedOutMs;
	}

	/** Whether it ended before its end, and why. */
	get closed(): CutReason | undefined {
		return this.#closed;
	}

	/** Has the first bytes fetched, so that a failure shows before anything is sent. */
	async prepare(): Promise<void> {
		this.#first ??= this.#next();
		await this.#first;
		// From now on it waits for a reader, which may never come.
		this.#handedOutMs = performance.now();
	}

	/** The next bytes, at most 256 KiB; undefined at the end. What was handed out before is not held any longer. */
	async next(): Promise<Uint8Array | undefined> {
		this.#handedOutMs = undefined;
		const first = this.#first;
		this.#first = undefined;
		const part = await (first ?? this.#next());
		this.#handedOutMs = performance.now();
		return part;
	}

	/** Called once where it is cut. */
	onCut(listener: (reason: CutReason) => void): void {
		this.#onClose = listener;
	}

	/** Gives back all that it holds. A reader that is still there is told. */
	close(reason: CutReason = "closed"): void {
		if (this.#closed) return;
		this.#closed = reason;
		this.#current?.lease?.release();
		this.#current = undefined;
		for (const { lease } of this.#ahead) lease.release();
		this.#ahead = [];
		if (reason !== "closed") this.#onClose?.(reason);
	}

	async #next(): Promise<Uint8Array | undefined> {
		for (;;) {
			if (this.#closed) throw new Error("the body was closed");
			const { bytes, at } = this.#current ?? { bytes: NOTHING, at: 0 };
			if (at < bytes.length) {
				this.#current!.at = Math.min(at + PART, bytes.length);
				return bytes.subarray(at, this.#current!.at);
			}
			this.#current?.lease?.release();
			this.#current = undefined;
			if (!(await this.#advance())) return undefined;
		}
	}

	/** Takes the next segment, and has those behind it fetched. @returns whether there was one */
	async #advance(): Promise<boolean> {
		if (this.#ahead.length === 0) {
			const pending = this.#pending;
			if (pending === undefined) return false;
			if (pending instanceof Uint8Array) {
				this.#step();
				this.#current = { lease: undefined, bytes: pending, at: 0 };
				this.#fill();
				return true;
			}
		}
		if (this.#ahead.length === 0) this.#ask(false);
		const { piece, lease } = this.#ahead[0]!;
		this.#fill();
		const chunk = await lease.bytes;
		if (this.#closed) throw new Error("the body was closed");
		this.#ahead.shift();
		this.#current = { lease, bytes: chunk.subarray(piece.from, piece.to), at: 0 };
		this.#window = Math.min(this.#window * 2, this.#options.readAhead);
		this.#fill();
		return true;
	}

	/** Asks for chunks behind the one that is needed now, up to the next segment that is none. */
	#fill(): void {
		while (this.#ahead.length < this.#window && this.#ask(true));
	}

	#ask(isAhead: boolean): boolean {
		const piece = this.#pending;
		if (piece === undefined || piece instanceof Uint8Array) return false;
		const { blob } = this.#source;
		const { start, end } = blob.range(piece.index);
		const load = (signal: AbortSignal) => this.#source.load(piece.index, signal);
		const lease = this.#options.memory.take(this.#source.nameOf(piece.index), end - start, load, isAhead);
		if (lease === undefined) return false;
		// It is waited for in its turn: a failure until then is not an unhandled one.
		lease.bytes.catch(() => {});
		this.#ahead.push({ piece, lease });
		this.#step();
		return true;
	}

	#step(): void {
		this.#pending = this.#pieces.next().value;
	}
}

const NOTHING = new Uint8Array(0);

function* piecesOf(
	blob: VerifiedBlob,
	segments: readonly Segment[],
): Generator<Uint8Array | Piece, undefined> {
	const { chunkBytes } = blob.manifest;
	for (const segment of segments) {
		if (segment instanceof Uint8Array) {
			yield segment;
			continue;
		}
		for (let at = segment.start; at < segment.end; ) {
			const index = Math.floor(at / chunkBytes);
			const { start, end } = blob.range(index);
			const to = Math.min(end, segment.end);
			yield { index, from: at - start, to: to - start };
			at = to;
		}
	}
}
