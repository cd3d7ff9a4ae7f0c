import { damaged } from "../errors.js";
import { decodeJson, encodeJson, type Fields } from "./json.js";
import { hex, sha256 } from "./names.js";

/** State of a repository: its snapshots, and the marked and condemned objects. Each change makes a new generation. */

export const FORMAT_VERSION = 1;
const GENERATION_FORMAT = "canister-blobs backup generation";

export const MAX_GENERATION_BYTES = 16 * 2 ** 20;
export const MAX_SNAPSHOTS = 20_000;
/** Maximum number of objects that are marked or condemned at a time. */
export const MAX_MARKS = 50_000;
const MAX_TAGS = 32;

/** A snapshot as lists show it. */
export interface SnapshotSummary {
	/** SHA-256 of the snapshot. */
	readonly id: string;
	/** The store's canister. */
	readonly canister: string;
	/** Time of the snapshot, by the clock of the machine that made it. */
	readonly at: string;
	/** Words that find the snapshot and that keep rules select. */
	readonly tags: readonly string[];
	/** Number of blobs in the snapshot. */
	readonly blobs: number;
	/** Total size of the blobs in bytes. */
	readonly bytes: number;
	/** Sequence number of the last change in the snapshot. */
	readonly sequence: string;
	/** Number of blobs that the store had and the snapshot lacks. */
	readonly missing: number;
}

/** An object that no snapshot needs. */
export interface Mark {
	readonly object: string;
	/** Generation in which it was marked. */
	readonly generation: number;
	readonly at: string;
}

export interface Generation {
	readonly generation: number;
	/** SHA-256 of the previous generation; undefined for the first. */
	readonly parent: string | undefined;
	readonly at: string;
	/** The operation that made it, such as `backup`. */
	readonly by: string;
	readonly snapshots: readonly SnapshotSummary[];
	readonly marked: readonly Mark[];
	/** Objects that count as gone and are being deleted. */
	readonly condemned: readonly string[];
	/** Generation that condemned these objects. */
	readonly condemnedAt: number;
	/** Generation of the previous condemnation, whose objects are deleted. */
	readonly condemnedBefore: number;
	/** Makes the bytes differ from those of every other process. */
	readonly nonce: string;
}

export function encodeGeneration(value: Generation): Buffer {
	const { generation, parent, at, by, snapshots, marked, condemned, condemnedAt, condemnedBefore, nonce } =
		value;
	return encodeJson({
		format: GENERATION_FORMAT,
		version: FORMAT_VERSION,
		generation,
		parent: parent ?? null,
		at,
		by,
		snapshots: snapshots.map(({ id, canister, at, tags, blobs, bytes, sequence, missing }) => ({
			id,
			canister,
			at,
			tags,
			blobs,
			bytes,
			sequence,
			missing,
		})),
		marked: marked.map(({ object, generation, at }) => ({ object, generation, at })),
		condemned,
		condemnedAt,
		condemnedBefore,
		nonce,
	});
}

/** The shortened form of an old generation: its hash under its name. The name must never become free. */
export const encodeShortened = (generation: number, bytes: Uint8Array): Buffer =>
	encodeJson({
		format: GENERATION_FORMAT,
		version: FORMAT_VERSION,
		generation,
		shortened: hex(sha256(bytes)),
	});

export const isShortened = (bytes: Uint8Array, name: string): boolean =>
	decodeJson(name, bytes).has("shortened");

export function decodeGeneration(name: string, bytes: Uint8Array): Generation {
	const fields = decodeJson(name, bytes);
	if (fields.text("format") !== GENERATION_FORMAT || fields.integer("version") !== FORMAT_VERSION)
		throw damaged(name, "it is not a generation of this format");
	const generation = fields.integer("generation");
	return {
		generation,
		parent: fields.raw.parent === null ? undefined : fields.sha256("parent"),
		at: fields.time("at"),
		by: fields.text("by", 64),
		snapshots: fields.objects("snapshots", MAX_SNAPSHOTS).map(decodeSummary),
		marked: fields.objects("marked", MAX_MARKS).map((mark) => ({
			object: mark.text("object", 200),
			generation: mark.integer("generation", generation),
			at: mark.time("at"),
		})),
		condemned: fields.texts("condemned", MAX_MARKS, 200),
		condemnedAt: fields.integer("condemnedAt", generation),
		condemnedBefore: fields.integer("condemnedBefore", generation),
		nonce: fields.text("nonce", 64),
	};
}

const decodeSummary = (fields: Fields): SnapshotSummary => ({
	id: fields.sha256("id"),
	canister: fields.text("canister", 128),
	at: fields.time("at"),
	tags: fields.texts("tags", MAX_TAGS, 256),
	blobs: fields.integer("blobs"),
	bytes: fields.integer("bytes"),
	sequence: fields.digits("sequence"),
	missing: fields.integer("missing"),
});
