/** Stable memory compared with a plain buffer, and at sizes beyond any buffer. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StableMemory } from "../../src/localnet/execution/stable-memory.js";

const PAGES = 3;
const SIZE = PAGES * 65_536;

test("reads what was written, and rolls back to what was there before", () => {
	const write = fc.record({
		offset: fc.integer({ min: 0, max: SIZE - 1 }),
		length: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 70_000 })),
		byte: fc.integer({ min: 0, max: 2 }),
	});
	const message = fc.record({ writes: fc.array(write, { maxLength: 8 }), keep: fc.boolean() });
	fc.assert(
		fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
			const memory = new StableMemory();
			memory.grow(BigInt(PAGES));
			let model = Buffer.alloc(SIZE);
			for (const { writes, keep } of messages) {
				const before = Buffer.from(model);
				memory.begin();
				const dirty = new Set<number>();
				for (const { offset, length, byte } of writes) {
					const bytes = Buffer.alloc(Math.min(length, SIZE - offset), byte);
					memory.write(offset, bytes, 0, bytes.length);
					bytes.copy(model, offset);
					for (let i = 0; i < bytes.length; i++) dirty.add(Math.floor((offset + i) / 4096));
				}
				if (keep) {
					expect(memory.commit().blocksDirtied).toBe(dirty.size);
				} else {
					memory.rollback();
					model = before;
				}
				const read = Buffer.alloc(SIZE, 9);
				memory.read(read, 0, 0, SIZE);
				expect(read.equals(model)).toBe(true);
			}
		}),
		{ numRuns: 60 },
	);
});

test("grows to 500 GiB and no further, and zeros take no room", () => {
	const memory = new StableMemory();
	const gib = 2 ** 30;
	expect(memory.grow(500n * 16_384n)).toBe(0n);
	expect(memory.grow(1n)).toBe(-1n);
	memory.begin();
	memory.write(499 * gib, Buffer.alloc(100_000), 0, 100_000);
	expect(memory.residentBytes).toBe(0);
	memory.write(499 * gib + 65_530, Buffer.from("across pages"), 0, 12);
	expect(memory.commit()).toEqual({ bytesWritten: 100_012, blocksDirtied: 25 });
	expect(memory.residentBytes).toBe(2 * 65_536);
	const read = Buffer.alloc(12);
	memory.read(read, 0, 499 * gib + 65_530, 12);
	expect(read.toString()).toBe("across pages");
	expect(memory.has(500 * gib - 1, 1)).toBe(true);
	expect(memory.has(500 * gib, 1)).toBe(false);
});
