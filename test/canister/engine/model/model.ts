import { Principal } from "@dfinity/principal";
import {
	type ErrorCode,
	isPublic,
	type MethodName,
	MIN_CHUNK_BYTES,
	RECEIPT_LIFE_MS,
	UPLOAD_EXPIRY_MS,
	type WireExpiryRule,
	type WireManifest,
	type WirePrecondition,
	type WirePrincipal,
	type WirePublication,
	type WireQuota,
	type WireVersion,
} from "../../../../src/protocol/index.js";
import { sha256 } from "../../../support/store.js";
import { chargeOfBlob, chargeOfPieces, chargeOfSession, chargeOfSize } from "./charges.js";
import { Grants, type ModelGrant, type Use } from "./grants.js";
import { Leases } from "./leases.js";
import { Owners } from "./owners.js";
import { Staged } from "./staged.js";

/** What the store should be, as anybody would write it down: maps in the heap, nothing shared, nothing saved. */

export const S = MIN_CHUNK_BYTES;
/** The controller, two that begin as writers, one that begins as a reader, and the anonymous principal. */
export const PRINCIPALS = [1, 2, 3, 4]
	.map((n) => Principal.fromUint8Array(Uint8Array.of(n, n, n)))
	.concat(Principal.anonymous());
export const CONTROLLER = 0;
export const ANONYMOUS = 4;
export const numberOf = (who: WirePrincipal): number =>
	PRINCIPALS.findIndex((principal) => principal.toText() === who.toText());
export const EVERYBODY = -1;
/** The canister's version in all messages: numbers alone tell changes apart here. */
export const CANISTER_VERSION = 7n;

export type RoleName = "admin" | "writer" | "reader" | "backup";
export type ModeName = "live" | "draining" | "maintenance" | "importing";

/** A chunk: who has these bytes has all there is to know of them. */
export interface Piece {
	readonly bytes: Uint8Array;
	readonly leaf: Uint8Array;
	readonly name: string;
}
const pieces = new Map<string, Piece>();
export function pieceOf(bytes: Uint8Array): Piece {
	const leaf = sha256(bytes);
	const name = Buffer.from(leaf).toString("hex");
	const piece = pieces.get(name) ?? { bytes: bytes.slice(), leaf, name };
	pieces.set(name, piece);
	return piece;
}
export const knownPiece = (leaf: Uint8Array) => pieces.get(Buffer.from(leaf).toString("hex"));

export interface ModelBlob {
	readonly manifest: WireManifest;
	readonly owner: number;
	readonly uploader: number;
	readonly pieces: readonly Piece[];
}

export interface ModelUpload {
	readonly key: string;
	readonly size: number | undefined;
	readonly chunks: Map<number, Piece>;
	/** The grant by which it was begun, and the bytes that count for it there. */
	readonly grant: ModelGrant | undefined;
	granted: number;
	/** Bytes reserved ahead of what arrived. */
	reserved: number;
	/** When cleaning looks next whether it still needs that. */
	reserveLookAt: number | undefined;
	expiresAt: number;
	/** When cleaning looks at it next. */
	lookAt: number;
}

export interface ModelReceipt {
	readonly kind: string;
	readonly request: string;
	readonly answer: unknown;
	readonly until: number;
}

/** What was deleted or replaced, and is kept. */
export interface ModelKept {
	readonly blob: ModelBlob;
	readonly at: number;
	readonly by: number;
	readonly until: number;
}

/** What nobody holds any more and is not cleaned away. */
export interface ModelGarbage {
	readonly holder: number;
	readonly uploader: number;
	readonly charged: number;
	readonly pieces: readonly Piece[];
}

export class Refused extends Error {
	readonly code: ErrorCode;
	constructor(code: ErrorCode) {
		super(code);
		this.code = code;
	}
}
export function refuse(code: ErrorCode): never {
	throw new Refused(code);
}

/** What the chunks count for that have arrived. */
export const arrivedOf = ({ chunks }: ModelUpload): number =>
	chunks.size === 0 ? 0 : chargeOfPieces([...chunks.values()]);
const chargedFor = (upload: ModelUpload): number =>
	chargeOfSession(upload.key) + arrivedOf(upload) + upload.reserved;

const MODES: ModeName[] = ["live", "draining", "maintenance", "importing"];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Without instructions and bytes, of which the engine is told none. */
const MESSAGE_CYCLES = 7_200_000;
const GIB = 2 ** 30;
const NO_BOUND = 2n ** 53n - 1n;

export class Model {
	now = 0;
	mode: ModeName = "live";
	/** Whether it was ever imported into, and how many changes were none of blobs. */
	wasImported = false;
	administered = 0n;
	generation = 0n;
	sequence = 0n;
	readonly roles = PRINCIPALS.map(() => new Set<RoleName>());
	readonly quotas = new Map<number, WireQuota>();
	readonly today = new Map<number, { day: number; received: number; changes: number; cycles: number }>();
	/** Who was ever counted for anything, and so has an account for good. */
	readonly counted = new Set<number>([CONTROLLER]);
	readonly blobs = new Map<string, ModelBlob>();
	readonly uploads = new Map<string, ModelUpload>();
	readonly receipts = new Map<string, ModelReceipt>();
	readonly garbage: ModelGarbage[] = [];
	readonly grants = new Grants(this);
	readonly leases = new Leases(this);
	readonly owners = new Owners();
	readonly staged = new Staged(this);
	rules: WireExpiryRule[] = [];
	keepDays = 0;
	/** By the number of the version. */
	readonly bin = new Map<bigint, ModelKept>();

	/** The last change. */
	get version(): WireVersion {
		return { sequence: this.sequence, canister_version: CANISTER_VERSION };
	}

	nanoseconds(): bigint {
		return BigInt(this.now) * 1_000_000n;
	}

	// What ends when.

	isOver({ manifest: { expires_at } }: ModelBlob): boolean {
		return expires_at[0] !== undefined && expires_at[0] <= this.nanoseconds();
	}

	/** What a key holds, for all that is decided: `blobs` has what is over, too, until it is freed. */
	get(key: string): ModelBlob | undefined {
		const blob = this.blobs.get(key);
		return blob === undefined || this.isOver(blob) ? undefined : blob;
	}

	requireEnd(asked: bigint | undefined): void {
		if (asked !== undefined && asked <= this.nanoseconds()) refuse("invalid_argument");
	}

	/** Of what is imported no rule says when it ends. */
	endOf(key: string, asked: [] | [bigint], as?: WirePublication["as"][0]): [] | [bigint] {
		if (as !== undefined) return asked;
		const rules = this.rules.filter(({ prefix }) => key.startsWith(prefix));
		const rule = rules.sort((a, b) => b.prefix.length - a.prefix.length)[0];
		const ends = [...asked, ...(rule === undefined ? [] : [this.nanoseconds() + rule.life])].sort();
		return ends[0] === undefined ? [] : [ends[0]];
	}

	freeExpired(key: string): void {
		const blob = this.blobs.get(key);
		if (blob === undefined || !this.isOver(blob)) return;
		this.leases.keep(blob);
		this.sequence++;
		this.changed(blob.owner);
		this.blobs.delete(key);
		this.throwAway(blob);
	}

	// Who may do what.

	/** Whether the mode takes what may be done up to this one. */
	takes(last: ModeName): boolean {
		return this.isImporting || MODES.indexOf(this.mode) <= MODES.indexOf(last);
	}

	/** Who may do anything then is looked at for each call. */
	get isImporting(): boolean {
		return this.mode === "importing";
	}

	/** Owner and times are for imports, by whoever may do anything then. */
	requireAs(as: WirePublication["as"][0]): void {
		if (as === undefined) return;
		const isInOrder = as.created_at <= as.modified_at && as.modified_at <= this.nanoseconds();
		if (!this.isImporting || !isInOrder) refuse("invalid_argument");
	}

	requireMode(last: ModeName): void {
		if (!this.takes(last)) refuse("not_live");
	}

	has(who: number, ...roles: RoleName[]): boolean {
		if (who === ANONYMOUS) return false;
		return who === CONTROLLER || [...roles, "admin" as const].some((role) => this.roles[who]!.has(role));
	}

	require(who: number, role: RoleName): void {
		if (who === ANONYMOUS) refuse("anonymous");
		if (!this.has(who, role)) refuse("not_authorized");
	}

	/** A writer of some keys, by its role or by a grant. */
	requireWriter(who: number): void {
		if (who === ANONYMOUS) refuse("anonymous");
		if (!this.writesSome(who)) refuse("not_authorized");
	}

	writesSome(who: number): boolean {
		return this.has(who, "writer") || this.grants.holds(who, "writer");
	}

	mayRead(who: number, blob: ModelBlob): boolean {
		if (isPublic(blob.manifest) || blob.owner === who || this.has(who, "reader", "backup")) return true;
		return this.grants.reads(who, blob.manifest.key);
	}

	/** Answers the grant by which it may, where its role does not let it; refused where that has no room. */
	requireChange(who: number, key: string, use: Use = {}, owner = this.get(key)?.owner) {
		const isOthers = owner !== undefined && owner !== who;
		if (this.has(who) || (this.has(who, "writer") && !isOthers)) return undefined;
		return this.grants.writing(who, key, isOthers, use) ?? refuse("not_authorized");
	}

	/** Who may do something by a grant only is told again what it did while it may still write to the keys. */
	requireStill(who: number, ...keys: string[]): void {
		if (this.has(who, "writer")) return;
		// Whosever they are by now.
		for (const key of keys) this.requireChange(who, key, {}, who);
	}

	/** Counts what is put under a key in the grant that pays for it, if there is one. */
	pay(who: number, key: string, use: Use): ModelGrant | undefined {
		const grant = this.requireChange(who, key, use);
		if (grant !== undefined) this.grants.require(grant, use);
		return grant;
	}

	requirePrecondition(precondition: WirePrecondition, key: string): void {
		if ("none" in precondition) return;
		const wanted = "absent" in precondition ? 0n : precondition.version.sequence;
		if ((this.get(key)?.manifest.sequence ?? 0n) !== wanted) refuse("precondition_failed");
	}

	// Who has how much.

	quotaOf(who: number): WireQuota {
		const builtIn = {
			open_uploads: 1_000,
			blobs: NO_BOUND,
			bytes: NO_BOUND,
			received_per_day: NO_BOUND,
			changes_per_day: NO_BOUND,
			cycles_per_day: NO_BOUND,
		};
		return this.quotas.get(who) ?? this.quotas.get(EVERYBODY) ?? builtIn;
	}

	openUploadsOf(who: number): number {
		return [...this.uploads.keys()].filter((name) => name.startsWith(`${who}/`)).length;
	}

	isUploadedTo(who: number, key: string): boolean {
		return [...this.uploads].some(([name, upload]) => name.startsWith(`${who}/`) && upload.key === key);
	}

	/** What counts in its quota of blobs: keys that hold one of its, and those that it uploads to, each once. */
	keysOf(who: number): Set<string> {
		const held = [...this.blobs].filter(([, { owner }]) => owner === who).map(([key]) => key);
		const awaited = [...this.uploads]
			.filter(([name]) => name.startsWith(`${who}/`))
			.map(([, { key }]) => key);
		return new Set([...held, ...awaited]);
	}

	/** What counts there in all, with what is staged. */
	blobsOf(who: number): number {
		return this.keysOf(who).size + this.staged.of(who).length;
	}

	bytesOf(who: number): number {
		let bytes = 0;
		for (const blob of this.blobs.values()) if (blob.owner === who) bytes += chargeOfBlob(blob);
		for (const [name, upload] of this.uploads) if (name.startsWith(`${who}/`)) bytes += chargedFor(upload);
		for (const { blob } of this.bin.values()) if (blob.owner === who) bytes += chargeOfBlob(blob);
		for (const { holder, charged } of this.garbage) if (holder === who) bytes += charged;
		for (const { charged } of this.staged.of(who)) bytes += charged;
		return bytes + this.grants.bytesOf(who) + this.owners.bytesOf(who);
	}

	/** What a principal sent and changed since midnight. */
	todayOf(who: number): { received: number; changes: number; cycles: number } {
		const day = Math.floor(this.now / DAY_MS);
		const known = this.today.get(who);
		if (known?.day === day) return known;
		const fresh = { day, received: 0, changes: 0, cycles: 0 };
		this.today.set(who, fresh);
		return fresh;
	}

	/** Counts records of changes: entries of the feed and receipts. */
	changed(who: number, count = 1): void {
		this.todayOf(who).changes += count;
		this.counted.add(who);
	}

	/** A principal without role, quota or anything that was counted of it: its cycles are all strangers'. */
	isStranger(who: number): boolean {
		const isKnown = this.roles[who]!.size > 0 || this.quotas.has(who) || this.grants.holds(who);
		return !this.counted.has(who) && !isKnown;
	}

	/** Counts the cycles of a message: in these histories each has the same. */
	spend(who: number): void {
		if (this.isStranger(who)) return;
		this.todayOf(who).cycles += MESSAGE_CYCLES;
		this.counted.add(who);
	}

	hasCyclesBound(who: number): boolean {
		return this.quotaOf(who).cycles_per_day < NO_BOUND;
	}

	requireCycles(who: number): void {
		if (this.isImporting) return;
		if (!this.isStranger(who) && BigInt(this.todayOf(who).cycles) >= this.quotaOf(who).cycles_per_day)
			refuse("quota_exceeded");
	}

	requireChanges(who: number, count: number): void {
		if (!this.isImporting && BigInt(this.todayOf(who).changes + count) > this.quotaOf(who).changes_per_day)
			refuse("quota_exceeded");
	}

	/** `staged`: blobs that count beside what keys hold. `key` is one that shall hold a blob of its, or that it uploads to. */
	requireQuota(who: number, more: { uploads?: number; key?: string; staged?: number; bytes?: number }): void {
		if (this.isImporting) return;
		const quota = this.quotaOf(who);
		const keys = this.keysOf(who);
		const moreBlobs = more.staged ?? (more.key === undefined || keys.has(more.key) ? 0 : 1);
		const isOver = (used: number, add: number | undefined, limit: bigint) =>
			add !== undefined && add > 0 && BigInt(used + add) > limit;
		if (
			isOver(this.openUploadsOf(who), more.uploads, BigInt(quota.open_uploads)) ||
			isOver(this.blobsOf(who), moreBlobs, quota.blobs) ||
			isOver(this.bytesOf(who), more.bytes, quota.bytes)
		)
			refuse("quota_exceeded");
	}

	/** Takes what arrived out of the upload's reserve, and reserves again what is missing, as far as the quota goes. */
	arrive(who: number, upload: ModelUpload, bytes: number): void {
		if (upload.size === undefined) return;
		const least = Math.max(0, upload.reserved - bytes);
		upload.reserved = 0;
		const quota = this.isImporting ? Number.POSITIVE_INFINITY : Number(this.quotaOf(who).bytes);
		const left = quota - this.bytesOf(who);
		const missing = chargeOfSize(upload.size) - arrivedOf(upload);
		this.reserve(upload, Math.max(least, Math.min(missing, GIB, left)));
	}

	reserve(upload: ModelUpload, bytes: number): void {
		upload.reserved = bytes;
		if (bytes > 0) upload.reserveLookAt ??= this.now + 5 * MINUTE_MS;
	}

	requireReceivable(who: number, bytes: number): void {
		if (this.isImporting) return;
		if (bytes > 0 && BigInt(this.todayOf(who).received + bytes) > this.quotaOf(who).received_per_day)
			refuse("quota_exceeded");
	}

	/** Chunks that are stored, each once for who uploaded it. */
	storedChunks(): Set<string> {
		const stored = new Set<string>();
		const add = (uploader: number | string, all: Iterable<Piece>) => {
			for (const { name } of all) stored.add(`${uploader}/${name}`);
		};
		for (const { uploader, pieces } of this.blobs.values()) add(uploader, pieces);
		for (const [name, { chunks }] of this.uploads) add(name.split("/")[0]!, chunks.values());
		for (const { blob } of this.bin.values()) add(blob.uploader, blob.pieces);
		for (const { owner, items } of this.staged.all)
			for (const { blob } of items) add(owner, blob?.pieces ?? []);
		for (const { blob } of this.leases.kept.values()) add(blob.uploader, blob.pieces);
		for (const { uploader, pieces } of this.garbage) add(uploader, pieces);
		return stored;
	}

	// Ids and what they stand for.

	leave(who: number, id: Uint8Array, kind: string, request: string, answer: unknown): void {
		this.receipts.set(nameOf(who, id), { kind, request, answer, until: this.now + RECEIPT_LIFE_MS });
	}

	/** `changes` must be left of the quota; 0 asks none. */
	once<T>(
		who: number,
		id: Uint8Array,
		kind: string,
		method: MethodName,
		request: unknown,
		changes: number,
		act: () => T,
		again: (answer: T) => T = (answer) => answer,
	): T {
		const receipt = this.receipts.get(nameOf(who, id));
		const what = textOf(method, request);
		if (receipt !== undefined) {
			if (receipt.kind !== kind || receipt.request !== what) refuse("upload_conflict");
			return again(receipt.answer as T);
		}
		if (this.uploads.has(nameOf(who, id))) refuse("upload_conflict");
		if (changes > 0) this.requireChanges(who, changes);
		const answer = act();
		this.changed(who);
		this.leave(who, id, kind, what, answer);
		return answer;
	}

	/** All of what `act` does, or, where that is refused, nothing. */
	atomically<T>(act: () => T): T {
		const { sequence } = this;
		const undoLeases = this.leases.snapshot();
		const blobs = [...this.blobs];
		const uploads = [...this.uploads].map(([name, upload]) => [name, upload, { ...upload }] as const);
		const receipts = [...this.receipts];
		const bin = [...this.bin];
		const garbage = [...this.garbage];
		const counted = [...this.counted];
		const today = [...this.today].map(([who, its]) => [who, { ...its }] as const);
		const grants = this.grants.all.map((grant) => [grant, { ...grant }] as const);
		try {
			return act();
		} catch (error) {
			this.sequence = sequence;
			undoLeases();
			refill(this.blobs, blobs);
			refill(
				this.uploads,
				uploads.map(([name, upload, before]) => [name, Object.assign(upload, before)] as const),
			);
			refill(this.receipts, receipts);
			refill(this.bin, bin);
			this.garbage.splice(0, this.garbage.length, ...garbage);
			this.counted.clear();
			for (const who of counted) this.counted.add(who);
			refill(this.today, today);
			for (const [grant, before] of grants) Object.assign(grant, before);
			throw error;
		}
	}

	refuseFinished(receipt: ModelReceipt | undefined): void {
		if (receipt === undefined) return;
		refuse(
			["committed", "aborted", "stagedUpload"].includes(receipt.kind) ? "upload_finished" : "upload_conflict",
		);
	}

	openUpload(who: number, id: Uint8Array): ModelUpload {
		const upload = this.uploads.get(nameOf(who, id));
		if (upload === undefined) {
			this.refuseFinished(this.receipts.get(nameOf(who, id)));
			return refuse("upload_not_found");
		}
		if (upload.expiresAt <= this.now) refuse("upload_finished");
		return upload;
	}

	giveUp(name: string, upload: ModelUpload): void {
		const who = Number(name.split("/")[0]);
		this.uploads.delete(name);
		this.grants.useOf(upload, -upload.granted, -1);
		this.garbage.push({
			holder: who,
			uploader: who,
			charged: chargeOfSession(upload.key) + arrivedOf(upload),
			pieces: [...upload.chunks.values()],
		});
	}

	/** What becomes of a blob that somebody deleted or replaced. */
	discard(blob: ModelBlob, by: number): void {
		if (this.keepDays === 0) {
			this.throwAway(blob);
			return;
		}
		const [end] = blob.manifest.expires_at;
		const ends = [
			this.now + this.keepDays * DAY_MS,
			...(end === undefined ? [] : [Number(end / 1_000_000n)]),
		];
		const until = Math.min(...ends);
		this.bin.set(blob.manifest.sequence, { blob, at: this.now, by, until });
	}

	throwAway(blob: ModelBlob): void {
		const { owner, uploader, pieces } = blob;
		this.garbage.push({ holder: owner, uploader, charged: chargeOfBlob(blob), pieces });
	}

	/** What the clock and the cleaner do; `left` of the garbage wait for a later step. */
	clean(left: number): void {
		if (this.mode === "maintenance") return;
		for (const [name, upload] of this.uploads) {
			if (upload.lookAt > this.now) continue;
			if (upload.expiresAt <= this.now) this.giveUp(name, upload);
			else upload.lookAt = this.now + UPLOAD_EXPIRY_MS;
		}
		for (const key of [...this.blobs.keys()]) this.freeExpired(key);
		for (const [sequence, { blob, until }] of this.bin) {
			if (until > this.now) continue;
			this.bin.delete(sequence);
			this.throwAway(blob);
		}
		this.leases.clean();
		for (const upload of this.uploads.values()) {
			if (upload.reserveLookAt === undefined || upload.reserveLookAt > this.now) continue;
			const isIdle = upload.expiresAt - UPLOAD_EXPIRY_MS + 15 * MINUTE_MS <= this.now;
			if (isIdle) upload.reserved = 0;
			upload.reserveLookAt = upload.reserved > 0 ? this.now + 5 * MINUTE_MS : undefined;
		}
		this.grants.clean(this.now);
		this.owners.clean(this.now);
		for (const [name, { until }] of this.receipts) if (until <= this.now) this.receipts.delete(name);
		this.staged.clean();
		this.garbage.splice(0, this.garbage.length - left);
	}
}

function refill<Key, Value>(map: Map<Key, Value>, entries: readonly (readonly [Key, Value])[]): void {
	map.clear();
	for (const [key, value] of entries) map.set(key, value);
}

export const nameOf = (who: number, id: Uint8Array): string => `${who}/${Buffer.from(id).toString("hex")}`;

/** A request as text, equal for equal requests. */
const textOf = (method: MethodName, request: unknown): string =>
	method +
	JSON.stringify(request, (_, value) => {
		if (typeof value === "bigint") return `${value}n`;
		if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
		return value;
	});
