/**
 * How canister code reaches the native kernel: SHA-256, the nodes of hash trees, what Azle does not tell, and texts.
 *
 * Azle's QuickJS cannot call WebAssembly. So `canister-blobs link` puts a kernel in front of system calls that it can
 * make, `ic0.certified_data_set`, `ic0.is_controller`, and for texts `ic0.msg_method_name_size`, `..._copy` and
 * `ic0.msg_reject`; what is no business of the kernel's goes on to the real one. Azle hands the first two the array's
 * own memory (a view's offset included), no copy of it; it makes a text of what the second two give, and hands the
 * last one a text's UTF-8.
 *
 * ## Is it there?
 * `isController(Principal.fromUint8Array(detectionPrincipal(VERSION)))` answers true where the kernel is linked,
 * and in the same version: to another version's principal it answers false. The bytes are a reserved id (interface
 * specification, "Principals", class 5), never anyone's principal, so without the kernel the system answers false.
 * Ask before anything else: without the kernel a call with more than 32 bytes traps, and a trap cannot be caught.
 *
 * ## The control block
 * One Uint8Array of CONTROL.payload + capacity bytes (capacity is yours to choose), made once and held in a
 * module-level constant for as long as the canister's JavaScript lives, since the kernel remembers its
 * address. Little-endian fields, all zero at first but the magic; every offset is a multiple of 4, so that a
 * Uint32Array over the same buffer writes a field in one operation (1,000 instructions):
 *
 * | offset | bytes | field   | written by                                                               |
 * |--------|-------|---------|--------------------------------------------------------------------------|
 * | 0      | 16    | magic   | you, once: CONTROL_MAGIC                                                 |
 * | 16     | 4     | op      | you: one of OPERATION                                                    |
 * | 20     | 4     | length  | you: bytes of the payload in the block; `encode`: the kernel             |
 * | 24     | 8     | count   | kernel: bytes absorbed by `update`; write zeros to forget them           |
 * | 32     | 4     | at      | you, `forks`, `many`, `base64`: offset of the first record in the data   |
 * | 36     | 4     | stride  | you, `forks` and `many`: bytes from one record to the next               |
 * | 40     | 4     | records | you, `forks` and `many`: how many; `check` and `isHash`: the kernel      |
 * | 44     | 4     | size    | you, `many`: bytes of a record; `base64`: how many                       |
 * | 48     | 4     | to      | you, `many`, `base64`: offset in the data where the first result goes    |
 * | 52     | 4     | toStride| you, `many`: bytes from one digest to the next                           |
 * | 56     | 8     | pages   | kernel, `resources`: size of stable memory, in pages of 64 KiB           |
 * | 64     | 16    | cycles  | kernel, `resources`: liquid cycles (balance above the freezing limit)    |
 * | 80     | 4     | capacity| kernel: bytes that the payload may have, by the block's own length       |
 * | 84     | 4     | isPaid  | kernel, `resources`: 1 where calls cost cycles, 0 on a free network      |
 * | 88     | 4     | path    | you, 0 or how many labels go on top of the digest; kernel: 0 afterwards  |
 * | 92     | 4     | pathAt  | you: offset in the block of the innermost of them                        |
 * | 96     | 32    | digest  | kernel: the digest, in the usual order of bytes; for `labeled` you first |
 * | 128    | 96    | -       | kernel: digests of the other three messages that it hashes together      |
 * | 224    | 128   | state   | kernel: chaining states; the first is kept between `update` and `finish` |
 * | 352    | 512   | scratch | kernel: padded last blocks of four messages                              |
 * | 864    | 4096  | work    | kernel: a node in the making, a level of `forks`                         |
 * | 4960   | 32    | expected| you, `isHash`: the digest that the payload should have                   |
 * | 4992   | 320   | labels  | you: labels of paths                                                     |
 * | 5312   | any   | payload | you                                                                      |
 *
 * ## Calls
 * - `certifiedDataSet(bytes)` of at most 32 bytes: the real system call, whatever the bytes.
 * - `certifiedDataSet(control)`: carries out `op` on the payload in the block. The first such call attaches
 *   the block; until then any other array of more than 32 bytes traps.
 * - `certifiedDataSet(data)`, any other array of more than 32 bytes, a view at any offset too: carries out
 *   `op` of the attached block on `data`, where it lies. No byte of it is copied, none is written but by `many`,
 *   and its contents cannot be taken for a control block: only the address decides.
 *
 * Payloads of 32 bytes or less must therefore lie in the block. Copying a small payload into the block is
 * one call of `set`; a chunk of a message's argument is best hashed where it is, `subarray` and all.
 *
 * ## Operations
 * - `hash`: digest = SHA-256(payload).
 * - `update`: absorbs a payload of whole 64-byte blocks. With count 0 it starts from the initial state.
 * - `finish`: absorbs a last payload of any length, writes the digest, sets count to 0.
 * - `labeled`: the payload is a label of at most MAX_LABEL_BYTES, `digest` what stands under it; digest = that of the
 *   labelled node (interface specification, "Certificate").
 * - `leaf`: digest = that of the leaf whose value is the payload.
 * - `forks`: digest = that of the forks over `records` digests, 1 to MAX_FORKED of them, which lie in the payload
 *   from `at` on, `stride` apart; hashing.ts has the shape.
 * - `many`: SHA-256 of each of `records` records of `size` bytes, which lie from `at` on, `stride` apart. The digests
 *   go to `to` and on, `toStride` apart, in the same payload. They may lie over records that have been hashed: digest
 *   i over record i and those before it.
 * - `leafOfHash`: digest = that of the leaf whose value is SHA-256(payload).
 * - `isHash`: whether SHA-256(payload) is `expected`: `records` is 1 if it is, else 0.
 * - `climb`: nothing but what follows below, from the digest that is in the block. The payload is not looked at.
 * - `base64`: the Base64 (RFC 4648, section 4, with padding) of `size` bytes of the payload, which lie from `at` on, goes
 *   to `to` and on, in the same payload.
 * - `check`: whether the payload is UTF-8: `records` is 1 if it is, else 0.
 * - `resources`: pages, cycles and whether they are charged. The payload is not looked at.
 *
 * A digest often goes straight under labels: a node of its own each, one on top of the other. After `hash`, `leaf`,
 * `leafOfHash`, `labeled`, `forks` and `climb` the kernel makes those of `path` labels, the innermost first. They lie in
 * the area of labels from `pathAt` on, each as u32 length, its bytes, and what fills the last multiple of 4. So three
 * nodes take one call, of 8,500 instructions, and not three.
 *
 * All but `update`, `finish`, `check` and `resources` leave count at 0: an unfinished `update` is lost.
 *
 * ## Texts
 * QuickJS makes a text of bytes one character at a time, and bytes of a text, at 300 to 2,000 instructions each; Azle
 * does so on the way to and from system calls, at 20 to 60. Two operations are for these calls, not for
 * `certifiedDataSet`, and hold for one call after `op` was written:
 * - `decode`: `msgMethodName()` answers the payload in the block as a text; an empty one where it is not UTF-8.
 * - `encode`: `msgReject(text)` writes the text's UTF-8 to the payload in the block, and its length to `length`. If it
 *   is longer than the block has room for, only that is written, no payload.
 *
 * The kernel traps (`unreachable`, undone like any trap) on a block without the magic or shorter than
 * CONTROL.payload, a length past the block's end, labels past their area, an `update` of parts of blocks, a label too long, records,
 * digests or Base64 that reach past the payload, a number of forked digests out of bounds, an unknown operation, a text to be
 * decoded that is longer than the block.
 * Everything is synchronous and in the canister's heap, so an upgrade starts afresh: detect, attach.
 *
 * This file imports nothing, so that canister code can import it.
 */

/** This convention's version: a canister's JavaScript and the kernel in its Wasm must be of the same. */
export const VERSION = 6;

const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

/** The principal by which the kernel of a version (one digit) is known: "canister-blobs:sha256:<version>" and 0x7f. */
export const detectionPrincipal = (version: number): readonly number[] => [
	...ascii(`canister-blobs:sha256:${version}`),
	0x7f,
];

export const CONTROL_MAGIC: readonly number[] = ascii(`canister-blobs/${VERSION}`);

/** Offsets in the control block. */
export const CONTROL = {
	magic: 0,
	op: 16,
	length: 20,
	count: 24,
	at: 32,
	stride: 36,
	records: 40,
	size: 44,
	to: 48,
	toStride: 52,
	pages: 56,
	cycles: 64,
	capacity: 80,
	isPaid: 84,
	path: 88,
	pathAt: 92,
	digest: 96,
	state: 224,
	scratch: 352,
	work: 864,
	expected: 4960,
	labels: 4992,
	payload: 5312,
} as const;

export const OPERATION = {
	hash: 1,
	update: 2,
	finish: 3,
	labeled: 4,
	leaf: 5,
	forks: 6,
	many: 7,
	resources: 8,
	check: 9,
	decode: 10,
	encode: 11,
	leafOfHash: 12,
	isHash: 13,
	climb: 14,
	base64: 15,
} as const;

export const DIGEST_BYTES = 32;
export const BLOCK_BYTES = 64;

/** How many bytes the kernel has to put a node of a hash tree together. */
export const WORK_BYTES = CONTROL.expected - CONTROL.work;

/** Bytes of the area of labels. */
export const LABELS_BYTES = CONTROL.payload - CONTROL.labels;

/** With the separator before it and the digest behind, a label must fit into the work area. */
export const MAX_LABEL_BYTES = WORK_BYTES - 20 - DIGEST_BYTES;

/** Twice as many as digests fit into the work area. */
export const MAX_FORKED = (2 * WORK_BYTES) / DIGEST_BYTES;

/** Longer arrays are the kernel's; the real `certified_data_set` takes no more (interface specification). */
export const CERTIFIED_DATA_MAX_BYTES = 32;
