import { Principal } from "@dfinity/principal";
import { certifiedDataSet, isController, msgMethodName, msgReject } from "azle";
import { type NativeUtf8, useNativeUtf8 } from "../../protocol/index.js";
import { useNativeBase64, type WriteBase64 } from "../host/base64.js";
import { DIGEST_BYTES, type Hashing, hashingOf } from "../host/hashing.js";
import {
	CERTIFIED_DATA_MAX_BYTES,
	CONTROL,
	CONTROL_MAGIC,
	detectionPrincipal,
	MAX_FORKED,
	OPERATION,
	VERSION,
} from "../native/abi.js";

const NO_BYTES = new Uint8Array(0);

/** The longest text that is made by Azle: as much as a request may bring. */
const MAX_TEXT_BYTES = 8_192;

/** The control block; its payload has room for what cannot be passed where it lies, texts and 32 bytes at the most. */
const control = new Uint8Array(CONTROL.payload + MAX_TEXT_BYTES);
const fields = new Uint32Array(control.buffer);
const digest = control.subarray(CONTROL.digest, CONTROL.digest + DIGEST_BYTES);

// QuickJS looks a property up each time, at 500 instructions; a constant of the module costs a fifth of that.
const OP = CONTROL.op / 4;
const LENGTH = CONTROL.length / 4;
const AT = CONTROL.at / 4;
const STRIDE = CONTROL.stride / 4;
const RECORDS = CONTROL.records / 4;
const SIZE = CONTROL.size / 4;
const TO = CONTROL.to / 4;
const TO_STRIDE = CONTROL.toStride / 4;
const DIGEST = CONTROL.digest;
const STATE = CONTROL.state;
/** Of eight bytes the lower four: the others stay zero. */
const COUNT = CONTROL.count / 4;
const PAYLOAD = CONTROL.payload;
const { hash: HASH, labeled: LABELED, leaf: LEAF, forks: FORKS, many: MANY } = OPERATION;
const { update: UPDATE, finish: FINISH } = OPERATION;
const { check: CHECK, decode: DECODE, encode: ENCODE } = OPERATION;
const { leafOfHash: LEAF_OF_HASH, isHash: IS_HASH, climb: CLIMB, base64: BASE64 } = OPERATION;
const PATH = CONTROL.path / 4;
const PATH_AT = CONTROL.pathAt / 4;
const EXPECTED = CONTROL.expected;

const LINK_STEP =
	"Build it with `npx canister-blobs build`, or link what `azle build` wrote: npx canister-blobs link IN.wasm -o OUT.wasm.";

const isLinked = (version: number): boolean =>
	isController(Principal.fromUint8Array(Uint8Array.from(detectionPrincipal(version))));

/** Makes the kernel usable. To be called before anything else here; if that cannot be, it says why. */
export function attachKernel(): string | undefined {
	if (!isLinked(VERSION)) {
		for (let version = 1; version <= 9; version++) {
			if (version !== VERSION && isLinked(version))
				return (
					`canister-blobs: this Wasm was linked with version ${version} of the native kernel, and its JavaScript ` +
					`needs version ${VERSION}: build it again, and link it with the same canister-blobs.`
				);
		}
		return `canister-blobs: this Wasm has no native SHA-256. ${LINK_STEP}`;
	}
	control.set(CONTROL_MAGIC, CONTROL.magic);
	run(HASH, digest);
	useNativeUtf8(nativeUtf8);
	useNativeBase64(writeBase64);
	return undefined;
}

/** Carries out an operation on a payload. */
function carryOut(operation: number, payload: Uint8Array): void {
	fields[OP] = operation;
	const length = payload.length;
	if (length > CERTIFIED_DATA_MAX_BYTES) certifiedDataSet(payload);
	else {
		control.set(payload, PAYLOAD);
		fields[LENGTH] = length;
		certifiedDataSet(control);
	}
}

/** Carries it out, and answers the digest. */
function run(operation: number, payload: Uint8Array): Uint8Array {
	carryOut(operation, payload);
	// By the constructor: `slice` looks for a species, and costs 1,800 instructions more.
	return new Uint8Array(digest);
}

// In the area of labels: one label by itself, and a path, each as it was written last.
const ONE_AT = CONTROL.labels;
const ONE_BYTES = 64;
const SOME_AT = ONE_AT + ONE_BYTES;
let one: Uint8Array | undefined;
let some: readonly Uint8Array[] | undefined;

/** Writes a label where paths begin; answers where the next one goes, undefined if there is no room for it. */
function writeLabel(label: Uint8Array, at: number, end: number): number | undefined {
	const next = at + ((label.length + 7) & ~3);
	if (next > end) return undefined;
	fields[at / 4] = label.length;
	control.set(label, at + 4);
	return next;
}

/** Has the next digest go under this label, if there is room for it. */
function putUnder(label: Uint8Array): boolean {
	if (label !== one) {
		one = undefined;
		if (writeLabel(label, ONE_AT, SOME_AT) === undefined) return false;
		one = label;
	}
	fields[PATH] = 1;
	fields[PATH_AT] = ONE_AT;
	return true;
}

/** Has the next digest go under these labels, the last one right above it, if there is room for them. */
function putUnderAll(labels: readonly Uint8Array[]): boolean {
	if (labels !== some) {
		some = undefined;
		for (let i = labels.length - 1, at = SOME_AT; i >= 0; i--) {
			const next = writeLabel(labels[i]!, at, PAYLOAD);
			if (next === undefined) return false;
			at = next;
		}
		some = labels;
	}
	fields[PATH] = labels.length;
	fields[PATH_AT] = SOME_AT;
	return true;
}

/** Puts one label after the other on top of the digest. */
function climb(labels: readonly Uint8Array[]): void {
	for (let i = labels.length - 1; i >= 0; i--) carryOut(LABELED, labels[i]!);
}

const sha256 = (bytes: Uint8Array): Uint8Array => run(HASH, bytes);

function forks(bytes: Uint8Array, at: number, stride: number, count: number): Uint8Array {
	if (count === 1) return bytes.slice(at, at + DIGEST_BYTES);
	if (count > MAX_FORKED) {
		// MAX_FORKED is a power of two, so that the roots of such runs are one of the levels.
		const runs = Math.ceil(count / MAX_FORKED);
		const roots = new Uint8Array(runs * DIGEST_BYTES);
		for (let i = 0; i < runs; i++) {
			const first = i * MAX_FORKED;
			const root = forks(bytes, at + first * stride, stride, Math.min(MAX_FORKED, count - first));
			roots.set(root, i * DIGEST_BYTES);
		}
		return forks(roots, 0, DIGEST_BYTES, runs);
	}
	fields[AT] = at;
	fields[STRIDE] = stride;
	fields[RECORDS] = count;
	return run(FORKS, bytes);
}

/**
 * Hashing by the kernel that `canister-blobs link` put into the Wasm. Measured in a canister, in instructions: sha256
 * of 64 bytes 23,000 (Azle's call 5,000, the kernel 9,800, the result's array 6,000), labeled 25,000 (a label of up to 32 bytes 28,000), forks over 50
 * digests 420,000, hashMany of 100 records of 96 bytes 833,000. In JavaScript over this sha256, the last three cost
 * 57,000, 3.3 M and 3.0 M.
 */
export const nativeHashing: Hashing = {
	sha256,
	sha256Into(bytes, target, at) {
		carryOut(HASH, bytes);
		target.set(digest, at);
	},
	isSha256(bytes, expected) {
		control.set(expected, EXPECTED);
		carryOut(IS_HASH, bytes);
		return fields[RECORDS] === 1;
	},
	midstate(bytes, from) {
		if (from !== undefined) control.set(from.state, STATE);
		fields[COUNT] = from === undefined ? 0 : from.bytes;
		carryOut(UPDATE, bytes);
		const state = control.slice(STATE, STATE + DIGEST_BYTES);
		const absorbed = fields[COUNT]!;
		fields[COUNT] = 0;
		return { state, bytes: absorbed };
	},
	finishInto({ state, bytes }, rest, target, at) {
		control.set(state, STATE);
		fields[COUNT] = bytes;
		carryOut(FINISH, rest);
		target.set(digest, at);
	},
	labeled(label, under) {
		control.set(under, DIGEST);
		return run(LABELED, label);
	},
	labeledPath(labels, under) {
		control.set(under, DIGEST);
		if (!putUnderAll(labels)) climb(labels);
		else carryOut(CLIMB, NO_BYTES);
		return new Uint8Array(digest);
	},
	labeledForks(labels, bytes, at, stride, count) {
		if (count > MAX_FORKED || count === 1)
			return nativeHashing.labeledPath(labels, forks(bytes, at, stride, count));
		fields[AT] = at;
		fields[STRIDE] = stride;
		fields[RECORDS] = count;
		const isAtOnce = putUnderAll(labels);
		carryOut(FORKS, bytes);
		if (!isAtOnce) climb(labels);
		return new Uint8Array(digest);
	},
	leaf: (value) => run(LEAF, value),
	labeledHash(label, bytes) {
		if (putUnder(label)) return run(LEAF_OF_HASH, bytes);
		carryOut(LEAF_OF_HASH, bytes);
		// It finds what the one before left in the block.
		return run(LABELED, label);
	},
	forks,
	hashMany(bytes, count, at, stride, size, to, toStride) {
		// An array that has room for one digest only cannot be passed.
		if (bytes.length <= CERTIFIED_DATA_MAX_BYTES)
			return hashingOf(sha256).hashMany(bytes, count, at, stride, size, to, toStride);
		fields[AT] = at;
		fields[STRIDE] = stride;
		fields[RECORDS] = count;
		fields[SIZE] = size;
		fields[TO] = to;
		fields[TO_STRIDE] = toStride;
		fields[OP] = MANY;
		certifiedDataSet(bytes);
	},
};

/**
 * Texts by Azle's own conversions. Measured, in instructions: a text of 22 bytes 12,000, of 1,000 bytes 57,000, and
 * 150,000 if they are not ASCII; bytes of such texts 15,000, 32,000 and 75,000. In JavaScript it was 300 and 2,000 a
 * byte, and 1,900 a character.
 */
const nativeUtf8: NativeUtf8 = {
	maxBytes: MAX_TEXT_BYTES,
	check(bytes) {
		carryOut(CHECK, bytes);
		return fields[RECORDS] === 1;
	},
	decode(bytes) {
		control.set(bytes, PAYLOAD);
		fields[LENGTH] = bytes.length;
		fields[OP] = DECODE;
		const text = msgMethodName();
		return text === "" ? undefined : text;
	},
	encode(text) {
		fields[OP] = ENCODE;
		try {
			msgReject(text);
		} catch {
			// Azle refuses half a surrogate pair, which no text has that came as UTF-8.
			fields[OP] = 0;
			return undefined;
		}
		const length = fields[LENGTH]!;
		return length > MAX_TEXT_BYTES ? undefined : control.slice(PAYLOAD, PAYLOAD + length);
	},
};

/** Base64 from one place of an array of more than 32 bytes to another. */
const writeBase64: WriteBase64 = (bytes, at, size, to) => {
	fields[AT] = at;
	fields[SIZE] = size;
	fields[TO] = to;
	fields[OP] = BASE64;
	certifiedDataSet(bytes);
};

/** The size of stable memory, in pages of 64 KiB. */
export function stablePages(): number {
	readResources();
	return fields[CONTROL.pages / 4]!;
}

/** Cycles that the canister can spend before it freezes; exact up to 9,007 T, rounded past that. */
export function liquidCycles(): number {
	readResources();
	const at = CONTROL.cycles / 4;
	return fields[at]! + fields[at + 1]! * 2 ** 32 + fields[at + 2]! * 2 ** 64;
}

/** Whether the network charges cycles, told by the price of a call: cloud engines have none. */
export function isPaid(): boolean {
	readResources();
	return fields[CONTROL.isPaid / 4] === 1;
}

function readResources(): void {
	fields[OP] = OPERATION.resources;
	certifiedDataSet(control);
}
