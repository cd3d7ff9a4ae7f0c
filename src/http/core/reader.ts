import type { VerifiedBlob } from "../../client/index.js";
import type { Span } from "../../protocol/ranges.js";
import type { ChunkMemory, Lease } from "./memory.js";

/** Content of a body, in order: literal bytes, or a span of a blob. */
export type Segment = Uint8Array | Span;

/** Why a body ended early. */
export type CutReason = "stalled" | "closed";

/** Maximum size of the parts handed out, so that a slow reader is detected. */
const PART = 262_144;
/** Chunks fetched ahead at first, since a reader may need few bytes. Doubles with each consumed chunk. */
const FIRST_AHEAD = 2;

interface Piece {
	readonly index: number;
	/** Offset within the chunk. */
	readonly from: number;
	readonly to: number;
}

interface Ahead {
	readonly piece: Piece;
	readonly lease: Lease;
}

/** Source of the chunks of a blob. */
export interface ChunkSource {
	readonly blob: VerifiedBlob;
	/** Name of a chunk, unique among the chunks of all blobs. */
	nameOf(index: number): string;
	load(index: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface BodyOptions {
	readonly memory: ChunkMemory;
	/** Maximum number of chunks fetched ahead of the current one, at least 1. */
	readonly readAhead: number;
}

/** The bytes of a response. Fetches chunks ahead within the memory limit, at the reader's pace. */
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
	/** Time at which the last part was handed out; undefined while the reader waits for this body. */
	#handedOutMs: number | undefined;

	constructor(source: ChunkSource, segments: readonly Segment[], options: BodyOptions) {
		this.#source = source;
		this.#options = options;
		this.#window = Math.min(FIRST_AHEAD, options.readAhead);
		this.#pieces = piecesOf(source.blob, segments);
		this.#pending = this.#pieces.next().value;
	}

	/**
	 * Time since which the reader has taken nothing, by `performance.now()`; undefined while the reader waits for this
	 * body.
	 */
	get idleSinceMs(): number | undefined {
		return this.#handedOutMs;
	}

	/** Why the body ended early; undefined if it did not. */
	get closed(): CutReason | undefined {
		return this.#closed;
	}

	/** Fetches the first bytes, so that a failure is detected before anything is sent. */
	async prepare(): Promise<void> {
		this.#first ??= this.#next();
		await this.#first;
		// From now on it waits for a reader, which may never read.
		this.#handedOutMs = performance.now();
	}

	/** The next bytes, at most 256 KiB; undefined at the end. Releases the part returned before. */
	async next(): Promise<Uint8Array | undefined> {
		this.#handedOutMs = undefined;
		const first = this.#first;
		this.#first = undefined;
		const part = await (first ?? this.#next());
		this.#handedOutMs = performance.now();
		return part;
	}

	/** Registers a listener, called once if the body is cut. */
	onCut(listener: (reason: CutReason) => void): void {
		this.#onClose = listener;
	}

	/** Releases everything. Reports the cut to a reader that is still connected. */
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

	/** Moves to the next segment and fetches ahead. @returns whether there was one */
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

	/** Requests chunks ahead of the current one, up to the next literal segment. */
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
		// Awaited when its turn comes: an earlier failure must not be an unhandled rejection.
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
