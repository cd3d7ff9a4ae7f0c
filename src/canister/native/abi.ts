/**
 * How canister code reaches the native SHA-256.
 *
 * Azle's QuickJS cannot call WebAssembly. So `canister-blobs link` puts a kernel in front of two system
 * calls that it can make, `ic0.certified_data_set` and `ic0.is_controller`; what is no business of the
 * kernel's goes on to the real one. Azle hands both the array's own memory (a view's offset included), no
 * copy of it.
 *
 * ## Is it there?
 * `isController(Principal.fromUint8Array(DETECTION_PRINCIPAL))` answers true where the kernel is linked. The
 * bytes are a reserved id (interface specification, "Principals", class 5), never anyone's principal, so
 * without the kernel the system answers false. Ask before anything else: without the kernel a call with more
 * than 32 bytes traps, and a trap cannot be caught.
 *
 * ## The control block
 * One Uint8Array of CONTROL.payload + capacity bytes (capacity is yours to choose), made once and held in a
 * module-level constant for as long as the canister's JavaScript lives, since the kernel remembers its
 * address. Little-endian fields, all zero at first but the magic:
 *
 * | offset | bytes | field   | written by                                                               |
 * |--------|-------|---------|--------------------------------------------------------------------------|
 * | 0      | 16    | magic   | you, once: CONTROL_MAGIC                                                 |
 * | 16     | 4     | op      | you: one of OPERATION (a single byte will do, the others stay 0)         |
 * | 20     | 4     | length  | you: bytes of the payload in the block, for a call with the block itself |
 * | 24     | 8     | count   | kernel: bytes absorbed by `update`; write zeros to forget them           |
 * | 32     | 32    | digest  | kernel: the SHA-256, in the usual order of bytes                         |
 * | 64     | 32    | state   | kernel: chaining state between `update` and `finish`                     |
 * | 96     | 128   | scratch | kernel: the padded last blocks                                           |
 * | 224    | 32    | -       | zero, for later versions                                                 |
 * | 256    | any   | payload | you                                                                      |
 *
 * ## Calls
 * - `certifiedDataSet(bytes)` of at most 32 bytes: the real system call, whatever the bytes.
 * - `certifiedDataSet(control)`: carries out `op` on the payload in the block. The first such call attaches
 *   the block; until then any other array of more than 32 bytes traps.
 * - `certifiedDataSet(data)`, any other array of more than 32 bytes, a view at any offset too: carries out
 *   `op` of the attached block on `data`, where it lies. No byte of it is copied or written, and its
 *   contents cannot be taken for a control block: only the address decides.
 *
 * Payloads of 32 bytes or less must therefore lie in the block. Copying a small payload into the block is
 * one call of `set`; a chunk of a message's argument is best hashed where it is, `subarray` and all.
 *
 * ## Operations
 * - `hash`: digest = SHA-256(payload). It uses the state and leaves count at 0: an unfinished `update` is lost.
 * - `update`: absorbs a payload of whole 64-byte blocks. With count 0 it starts from the initial state.
 * - `finish`: absorbs a last payload of any length, writes the digest, sets count to 0.
 * - `forkRoot` is reserved for computing the root of a balanced tree of IC hash-tree forks from digests in
 *   the payload. This version traps on it, as on any other number.
 *
 * The kernel traps (`unreachable`, undone like any trap) on a block without the magic or shorter than
 * CONTROL.payload, a length past the block's end, an `update` of parts of blocks, an unknown operation.
 * Everything is synchronous and in the canister's heap, so an upgrade starts afresh: detect, attach.
 *
 * This file imports nothing, so that canister code can import it.
 */

/** "canister-blobs:sha256:1" and 0x7f: the 1 is this convention's version. */
export const DETECTION_PRINCIPAL: readonly number[] = [
	...[0x63, 0x61, 0x6e, 0x69, 0x73, 0x74, 0x65, 0x72, 0x2d, 0x62, 0x6c, 0x6f, 0x62, 0x73, 0x3a],
	...[0x73, 0x68, 0x61, 0x32, 0x35, 0x36, 0x3a, 0x31, 0x7f],
];

/** "canister-blobs/1" */
export const CONTROL_MAGIC: readonly number[] = [
	...[0x63, 0x61, 0x6e, 0x69, 0x73, 0x74, 0x65, 0x72, 0x2d, 0x62, 0x6c, 0x6f, 0x62, 0x73, 0x2f, 0x31],
];

/** Offsets in the control block. */
export const CONTROL = {
	magic: 0,
	op: 16,
	length: 20,
	count: 24,
	digest: 32,
	state: 64,
	scratch: 96,
	payload: 256,
} as const;

export const OPERATION = {
	hash: 1,
	update: 2,
	finish: 3,
	/** Reserved: traps in this version. */
	forkRoot: 4,
} as const;

export const DIGEST_BYTES = 32;
export const BLOCK_BYTES = 64;

/** Longer arrays are the kernel's; the real `certified_data_set` takes no more (interface specification). */
export const CERTIFIED_DATA_MAX_BYTES = 32;
