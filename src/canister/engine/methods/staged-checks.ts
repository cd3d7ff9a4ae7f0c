import {
	checkKey,
	chunkCount,
	fitting,
	MAX_CHUNK_BYTES,
	MAX_CHUNKS,
	type WireCommitUpload,
	type WireDeleteItem,
	type WireManifest,
	type WirePublication,
	type WirePutItem,
	type WireStagedItem,
	weightOf,
} from "../../../protocol/index.js";
import { principalOf } from "../base/codec.js";
import { Refusal, refuse, refuseArgument, refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import { Blob, type Place } from "../store/blobs.js";
import { RECEIPT } from "../store/receipts.js";
import type { StagedItem } from "../store/staged-items.js";
import { checkUpload, checkWhole, checkWholeRoot, pairIn } from "./committing.js";
import { useGrantOf } from "./granted.js";
import { visibilityOf } from "./publishing.js";
import { checkPrecondition, leaveReceipt } from "./requests.js";
import { dropReserve } from "./reserves.js";
import { closeUpload } from "./uploading.js";

const NO_BYTES = new Uint8Array(0);

/** An item that was checked: its key, and what is left to do about it, which cannot fail. */
export interface CheckedItem {
	readonly key: string;
	readonly act: () => Pick<
		StagedItem,
		"blob" | "precondition" | "charged" | "grant" | "granted" | "expiresAt"
	>;
}

/** Refuses more than a message has instructions for, and items that touch one key. */
export function surveyStaged(state: State, caller: Uint8Array, items: readonly WireStagedItem[]): void {
	const touched = new Set<string>();
	const weights: number[] = [];
	eachOf(items, (item) => {
		let key = "";
		let chunks = 0;
		if ("put" in item) key = item.put.key;
		else if ("delete" in item) key = item.delete.key;
		else {
			const upload = state.uploads.get(caller, item.commit.id);
			if (upload !== undefined) {
				key = upload.key;
				chunks = Math.min(MAX_CHUNKS, chunkCount(item.commit.size, upload.chunkSize));
			}
		}
		if (key !== "" && touched.has(key))
			refuseArgument("items", `two items touch the key ${key}, and each key may be touched by one`);
		touched.add(key);
		weights.push(weightOf(item, key, chunks));
	});
	const fits = fitting(weights);
	if (fits < items.length) refuse("batch_too_large", { fits, items: items.length });
}

/** Checks each item as its own method would, before any is staged. */
export function checkStaged(
	state: State,
	caller: Uint8Array,
	items: readonly WireStagedItem[],
): CheckedItem[] {
	try {
		return checkAll(state, caller, items);
	} finally {
		for (const its of [state.charges, state.grants, state.capacity]) its.expectNothing();
	}
}

function checkAll(state: State, caller: Uint8Array, items: readonly WireStagedItem[]): CheckedItem[] {
	const checked: CheckedItem[] = [];
	eachOf(items, (item) => {
		if ("put" in item) checked.push(checkPut(state, caller, item.put));
		else if ("commit" in item) checked.push(checkCommit(state, caller, item.commit));
		else checked.push(checkDelete(state, caller, item.delete));
	});
	return checked;
}

function checkPut(state: State, caller: Uint8Array, item: WirePutItem): CheckedItem {
	refuseAs(item);
	const { key, content, precondition, expires_at: expiresAt } = item;
	const { charged, payer } = checkWhole(state, caller, item, content);
	const leaf = checkWholeRoot(state, item.root, content);
	// It counts beside what its key holds.
	state.charges.check(caller, { blobs: 1 }, state.now);
	state.charges.expect(caller, 1, charged, 1);
	state.capacity.expect(charged);
	if (payer !== undefined) state.grants.expect(payer, charged, 1);
	const act = () => {
		if (content.length > 0) state.chunks.add(caller, leaf, content);
		state.charges.charge(caller, charged);
		if (payer !== undefined) state.grants.use(payer, charged, 1);
		const pair = pairIn(content, item.content_type);
		const place: Place = { content: 0, leaf, uploader: caller, responses: pair, directory: 0 };
		const blob = new Blob(manifestOf(caller, key, content.length, MAX_CHUNK_BYTES, item), place);
		const grant = payer?.sequence ?? 0;
		return { blob, precondition, charged, grant, granted: grant === 0 ? 0 : charged, expiresAt };
	};
	return { key, act };
}

function checkCommit(state: State, caller: Uint8Array, item: WireCommitUpload): CheckedItem {
	refuseAs(item);
	const { precondition, expires_at: expiresAt } = item;
	const { upload, held, over, size, charged, payer } = checkUpload(state, caller, item);
	const { key, chunkSize, content } = upload;
	state.charges.check(caller, { blobs: 1 }, state.now);
	state.charges.expect(caller, 1, charged - upload.charged, 1);
	if (payer !== undefined) state.grants.expect(payer, charged, 1);
	const act = () => {
		dropReserve(state, caller, upload);
		// What is over is not freed by this, and counts until it is.
		closeUpload(state, caller, item.id, upload, held ?? over);
		state.charges.charge(caller, charged - upload.charged);
		useGrantOf(state, caller, upload, charged - upload.granted, 0);
		if (payer !== undefined) state.grants.use(payer, charged, 1);
		leaveReceipt(state, caller, item.id, RECEIPT.stagedUpload, NO_BYTES);
		const place: Place = { content, leaf: NO_BYTES, uploader: caller, responses: NO_BYTES, directory: 0 };
		const blob = new Blob(manifestOf(caller, key, size, chunkSize, item), place);
		const grant = payer?.sequence ?? upload.grant;
		return { blob, precondition, charged, grant, granted: grant === 0 ? 0 : charged, expiresAt };
	};
	return { key, act };
}

function checkDelete(state: State, caller: Uint8Array, { key, precondition }: WireDeleteItem): CheckedItem {
	refuseInvalid(checkKey(key));
	const held = state.blobs.get(key);
	state.access.requireChange(caller, "delete", key, held);
	state.capacity.check(0);
	checkPrecondition(precondition, held);
	state.charges.check(caller, { changes: 2 }, state.now);
	state.charges.expect(caller, 0, 0, 1);
	return {
		key,
		act: () => ({ blob: undefined, precondition, charged: 0, grant: 0, granted: 0, expiresAt: [] }),
	};
}

function refuseAs({ as }: Pick<WirePublication, "as">): void {
	if (as.length > 0) refuseArgument("as", "what is staged is its stager's, from now on");
}

const NO_TIME = 0n;

/** Without version, times and end: those it gets when it is got ready. */
function manifestOf(
	caller: Uint8Array,
	key: string,
	size: number,
	chunk_size: number,
	{ root, content_type, visibility, metadata, sha256 }: WirePublication,
): WireManifest {
	return {
		key,
		sequence: 0n,
		canister_version: 0n,
		root: root.slice(),
		size: BigInt(size),
		chunk_size,
		content_type,
		visibility: visibilityOf(visibility),
		owner: principalOf(caller),
		created_at: NO_TIME,
		modified_at: NO_TIME,
		metadata,
		sha256,
		expires_at: [],
	};
}

/** A refusal of one names it. */
function eachOf(items: readonly WireStagedItem[], look: (item: WireStagedItem) => void): void {
	let index = 0;
	try {
		for (; index < items.length; index++) look(items[index]!);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		throw error.of(index);
	}
}
