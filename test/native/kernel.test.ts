import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	CONTROL,
	CONTROL_MAGIC,
	detectionPrincipal,
	OPERATION,
	VERSION,
} from "../../src/canister/native/abi.js";
import { kernelModule } from "../../src/canister/native/kernel.js";
import { pattern, startKernel, withByte } from "./support.js";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const CONTROL_AT = 1_024;
const DATA_AT = 65_536;
const PRINCIPAL = detectionPrincipal(VERSION);
/** The chunk size of the protocol. */
const S = 2_080_768;

describe("digest", () => {
	it("equals node:crypto's at every length from 0 to 300, in the block", () => {
		const kernel = startKernel();
		for (let length = 0; length <= 300; length++) {
			const payload = pattern(length, length + 1);
			kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, OPERATION.hash, payload));
			expect(kernel.digest(CONTROL_AT), `${length}`).toBe(sha256(payload));
		}
	});

	it("equals it at every length from 33 to 600 and every alignment, where the data lies", () => {
		const kernel = startKernel();
		kernel.attach(CONTROL_AT);
		for (let length = 33; length <= 600; length++) {
			const payload = pattern(length, length);
			const at = DATA_AT + (length % 64);
			kernel.bytes(at + length).set(payload, at);
			kernel.certifiedDataSet(at, length);
			expect(kernel.digest(CONTROL_AT), `${length}`).toBe(sha256(payload));
		}
	});

	it.each([S - 65, S - 64, S - 63, S - 9, S - 8, S - 1, S, S + 1, S + 55, S + 56, S + 63, S + 64, S + 65])(
		"equals it at %i bytes",
		(length) => {
			const kernel = startKernel();
			kernel.attach(CONTROL_AT);
			const payload = pattern(length);
			for (const at of [DATA_AT, DATA_AT + 1, DATA_AT + 47]) {
				kernel.bytes(at + length).set(payload, at);
				kernel.certifiedDataSet(at, length);
				expect(kernel.digest(CONTROL_AT)).toBe(sha256(payload));
			}
		},
	);

	it("equals it for any division into updates and a finish, in the block or outside", () => {
		const kernel = startKernel();
		kernel.attach(CONTROL_AT);
		const step = fc.record({
			blocks: fc.nat({ max: 20 }),
			outside: fc.boolean(),
			offset: fc.nat({ max: 63 }),
		});
		const last = fc.record({ bytes: fc.nat({ max: 1_500 }), outside: fc.boolean() });
		fc.assert(
			fc.property(fc.array(step, { maxLength: 6 }), last, (steps, end) => {
				const hash = createHash("sha256");
				const feed = (op: number, payload: Uint8Array, outside: boolean, offset: number): void => {
					hash.update(payload);
					if (outside && payload.length > 32) {
						kernel.writeControl(CONTROL_AT, op);
						kernel.bytes(DATA_AT + offset + payload.length).set(payload, DATA_AT + offset);
						kernel.certifiedDataSet(DATA_AT + offset, payload.length);
					} else kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, op, payload));
				};
				steps.forEach(({ blocks, outside, offset }, i) => {
					feed(OPERATION.update, pattern(64 * blocks, i + 1), outside, offset);
				});
				feed(OPERATION.finish, pattern(end.bytes, 99), end.outside, 5);
				expect(kernel.digest(CONTROL_AT)).toBe(hash.digest("hex"));
			}),
		);
	});

	it("reads data up to the memory's last byte, and writes nothing but the block's own fields", () => {
		const kernel = startKernel();
		kernel.attach(CONTROL_AT);
		const memory = kernel.bytes(DATA_AT + 65_536);
		for (const length of [64, 65, 100, 128, 191, 192, 250, 256, 320]) {
			memory.set(pattern(length, 7), memory.length - length);
			const before = memory.slice();
			kernel.certifiedDataSet(memory.length - length, length);
			expect(kernel.digest(CONTROL_AT)).toBe(sha256(pattern(length, 7)));
			const changed = memory.findIndex(
				(byte, i) =>
					byte !== before[i] && !(i >= CONTROL_AT + CONTROL.count && i < CONTROL_AT + CONTROL.work),
			);
			expect(changed).toBe(-1);
		}
	});
});

describe("telling calls apart", () => {
	it("hands on every certified_data_set of at most 32 bytes, whatever it holds", () => {
		const kernel = startKernel();
		kernel.attach(CONTROL_AT);
		for (let length = 0; length <= 32; length++) {
			const data = Uint8Array.from([...CONTROL_MAGIC, ...CONTROL_MAGIC]).subarray(0, length);
			kernel.bytes().set(data, DATA_AT - 64);
			kernel.certifiedDataSet(DATA_AT - 64, length);
			expect(kernel.system.certified.at(-1)).toEqual(data);
		}
		kernel.certifiedDataSet(CONTROL_AT, 16);
		expect(kernel.system.certified).toHaveLength(34);
	});

	it("never takes data for a control block, even if it looks like one", () => {
		const kernel = startKernel();
		kernel.attach(CONTROL_AT);
		kernel.bytes(DATA_AT + 1_000);
		const length = kernel.writeControl(DATA_AT, OPERATION.finish, pattern(10), 500);
		const data = kernel.bytes().slice(DATA_AT, DATA_AT + length);
		kernel.certifiedDataSet(DATA_AT, length);
		expect(kernel.digest(CONTROL_AT)).toBe(sha256(data));
	});

	it("says that it is there to the principal that nobody has", () => {
		const kernel = startKernel();
		kernel.bytes().set(PRINCIPAL, 0);
		expect(kernel.isController(0, PRINCIPAL.length)).toBe(1);
		expect(kernel.system.asked).toHaveLength(0);
		expect(PRINCIPAL.length).toBeLessThan(29);
		expect(PRINCIPAL.at(-1)).toBe(0x7f);
		expect(new TextDecoder().decode(Uint8Array.from(PRINCIPAL.slice(0, -1)))).toBe("canister-blobs:sha256:6");
	});

	it("hands on every other is_controller", () => {
		const kernel = startKernel();
		const magic = Uint8Array.from(PRINCIPAL);
		const others = [
			new Uint8Array(),
			Uint8Array.of(4),
			pattern(29),
			magic.subarray(1),
			Uint8Array.of(...magic, 0),
			Uint8Array.from(detectionPrincipal(VERSION - 1)),
			Uint8Array.from(detectionPrincipal(VERSION + 1)),
		];
		for (let i = 0; i < magic.length; i++) others.push(withByte(magic, i, magic[i]! ^ 1));
		for (const other of others) {
			kernel.bytes().set(other, 100);
			expect(kernel.isController(100, other.length)).toBe(0);
			expect(kernel.system.asked.at(-1)).toEqual(other);
		}
		expect(kernel.system.asked).toHaveLength(others.length);
	});
});

describe("traps", () => {
	it.each([
		["data before a block is attached", 0, OPERATION.hash, CONTROL.payload],
		["a block shorter than its fields", 1, OPERATION.hash, CONTROL.payload - 1],
		["a payload longer than the block", 1, OPERATION.hash, CONTROL.payload + 9],
		["an update of parts of blocks", 1, OPERATION.update, CONTROL.payload + 10],
		["operation 0", 1, 0, CONTROL.payload + 10],
		["an operation that is none", 1, 99, CONTROL.payload + 10],
		["an operation for texts", 1, OPERATION.decode, CONTROL.payload + 10],
	])("on %s", (_, magic, op, length) => {
		const kernel = startKernel();
		kernel.writeControl(CONTROL_AT, op, pattern(10));
		if (magic === 0) kernel.bytes()[CONTROL_AT] = 0;
		expect(() => kernel.certifiedDataSet(CONTROL_AT, length)).toThrow(/unreachable/);
	});

	it("on data when the attached block is no longer one", () => {
		const kernel = startKernel();
		kernel.attach(CONTROL_AT);
		kernel.bytes(DATA_AT + 100)[CONTROL_AT + 3]! ^= 1;
		expect(() => kernel.certifiedDataSet(DATA_AT, 100)).toThrow(/unreachable/);
	});
});

describe("cost", () => {
	it("is at most 60.5 instructions a byte of a chunk", () => {
		const kernel = startKernel(true);
		kernel.attach(CONTROL_AT);
		kernel.bytes(DATA_AT + S);
		const perByte = kernel.count(() => kernel.certifiedDataSet(DATA_AT, S)) / S;
		expect(perByte).toBeLessThan(60.5);
		expect(perByte).toBeGreaterThan(55);
	});

	it("is at most 9,900 instructions for a digest of 81 bytes, the size of a fork", () => {
		const kernel = startKernel(true);
		kernel.attach(CONTROL_AT);
		kernel.bytes(DATA_AT + 81);
		expect(kernel.count(() => kernel.certifiedDataSet(DATA_AT, 81))).toBeLessThan(9_900);
	});

	it("adds next to nothing to the system's own calls", () => {
		const kernel = startKernel(true);
		kernel.bytes().set(pattern(29), 0);
		expect(kernel.count(() => kernel.certifiedDataSet(0, 32))).toBeLessThan(20);
		expect(kernel.count(() => kernel.isController(0, 29))).toBeLessThan(20);
	});

	it("is made the same each time, and small", () => {
		const wasm = kernelModule();
		expect(kernelModule()).toEqual(wasm);
		expect(wasm.length).toBeLessThan(34_000);
	});
});
