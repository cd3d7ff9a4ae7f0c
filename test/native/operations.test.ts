/** Operations of the kernel beyond plain SHA-256, compared with node:crypto and with JavaScript (hashingOf). */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashingOf } from "../../src/canister/host/hashing.js";
import {
	CERTIFIED_DATA_MAX_BYTES,
	CONTROL,
	LABELS_BYTES,
	MAX_FORKED,
	MAX_LABEL_BYTES,
	OPERATION,
	WORK_BYTES,
} from "../../src/canister/native/abi.js";
import { type Driver, LIQUID_CYCLES, pattern, STABLE_PAGES, startKernel } from "./support.js";

const expected = hashingOf((bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const CONTROL_AT = 1_024;
const DATA_AT = 65_536;

function attached(metering = false): Driver {
	const kernel = startKernel(metering);
	kernel.attach(CONTROL_AT);
	return kernel;
}

/** Carries out an operation on data where it lies, or in the block where it must. */
function run(kernel: Driver, operation: number, data: Uint8Array, offset = 0): string {
	if (data.length <= 32) {
		const length = kernel.writeControl(CONTROL_AT, operation, data);
		kernel.certifiedDataSet(CONTROL_AT, length);
	} else {
		kernel.setFields(CONTROL_AT, { op: operation });
		kernel.bytes(DATA_AT + offset + data.length).set(data, DATA_AT + offset);
		kernel.certifiedDataSet(DATA_AT + offset, data.length);
	}
	return kernel.digest(CONTROL_AT);
}

describe("nodes of hash trees", () => {
	it("labelled, for labels of every length to 130 and at the bounds, at odd addresses", () => {
		const kernel = attached();
		for (const length of [...Array(131).keys(), 1_023, 1_024, 1_025, MAX_LABEL_BYTES]) {
			const [label, under] = [pattern(length, length + 1), pattern(32, 77)];
			kernel.bytes().set(under, CONTROL_AT + CONTROL.digest);
			const digest = run(kernel, OPERATION.labeled, label, length % 17);
			expect(digest, `${length}`).toBe(hex(expected.labeled(label, under)));
		}
		expect(() => run(kernel, OPERATION.labeled, pattern(MAX_LABEL_BYTES + 1))).toThrow(/unreachable/);
	});

	it("leaves, for values of every length to 130, and around the work area's", () => {
		const kernel = attached();
		const around = [-18, -17, -16, -1, 0, 1, 46, 47, 48, 64, 128, 5_000].map((more) => WORK_BYTES + more);
		for (const length of [...Array(131).keys(), ...around]) {
			const value = pattern(length, length + 1);
			const digest = run(kernel, OPERATION.leaf, value, length % 13);
			expect(digest, `${length}`).toBe(hex(expected.leaf(value)));
		}
	});

	it("forks over 1 to 256 digests, and nothing but the block is written", () => {
		const kernel = attached();
		for (let count = 1; count <= MAX_FORKED; count++) {
			const [at, stride] = [count % 50, 32 + ((count * 7) % 60)];
			const data = pattern(at + stride * (count - 1) + 32 + (count % 3) + 1, count);
			kernel.setFields(CONTROL_AT, { at, stride, records: count });
			const digest = run(kernel, OPERATION.forks, data, count % 19);
			expect(digest, `${count}`).toBe(hex(expected.forks(data, at, stride, count)));
			const address = DATA_AT + (count % 19);
			expect(Buffer.compare(kernel.bytes().slice(address, address + data.length), data)).toBe(0);
		}
	});

	it("forks over the array's last bytes, and not one past them", () => {
		const kernel = attached();
		const [count, stride] = [9, 41];
		const data = pattern(5 + stride * (count - 1) + 32);
		kernel.setFields(CONTROL_AT, { at: 5, stride, records: count });
		expect(run(kernel, OPERATION.forks, data)).toBe(hex(expected.forks(data, 5, stride, count)));
		for (const fields of [
			{ at: 6, stride, records: count },
			{ at: 5, stride: stride + 1, records: count },
			{ at: 0, stride: 1, records: 0 },
			{ at: 0, stride: 1, records: MAX_FORKED + 1 },
			{ at: 0xffff_ffff, stride: 0xffff_ffff, records: 3 },
			{ at: 0xffff_ffff, stride: 0, records: 3 },
			{ at: 0, stride: 0xffff_ffff, records: 3 },
		]) {
			kernel.setFields(CONTROL_AT, fields);
			expect(() => run(kernel, OPERATION.forks, data), JSON.stringify(fields)).toThrow(/unreachable/);
		}
	});
});

describe("in one call", () => {
	/** Writes labels into their area, and says that the next digest goes under them, the first one innermost. */
	function putLabels(kernel: Driver, labels: readonly Uint8Array[], pathAt: number = CONTROL.labels) {
		const view = new DataView(kernel.bytes().buffer, CONTROL_AT);
		let at = pathAt;
		for (const label of labels) {
			view.setUint32(at, label.length, true);
			kernel.bytes().set(label, CONTROL_AT + at + 4);
			at += 4 + Math.ceil(label.length / 4) * 4;
		}
		kernel.setFields(CONTROL_AT, { path: labels.length, pathAt });
	}

	it("the leaf of a hash, and whether a hash is the expected one", () => {
		const kernel = attached();
		for (const length of [0, 1, 32, 33, 64, 1_000, 5_000]) {
			const data = pattern(length, length);
			const digest = run(kernel, OPERATION.leafOfHash, data, length % 7);
			expect(digest, `${length}`).toBe(hex(expected.leaf(expected.sha256(data))));
			for (const wrong of [undefined, 0, 15, 16, 31]) {
				const hash = expected.sha256(data).slice();
				if (wrong !== undefined) hash[wrong]! ^= 0x80;
				kernel.bytes().set(hash, CONTROL_AT + CONTROL.expected);
				run(kernel, OPERATION.isHash, data);
				expect(kernel.field(CONTROL_AT, "records"), `${length} ${wrong}`).toBe(wrong === undefined ? 1 : 0);
			}
		}
	});

	it("a digest and the labels above it, for each operation that makes one, once", () => {
		const kernel = attached();
		const data = pattern(100);
		const labels = [pattern(0), pattern(33), pattern(1), pattern(7)];
		const outermostFirst = [...labels].reverse();
		kernel.setFields(CONTROL_AT, { at: 0, stride: 32, records: 3 });
		for (const [name, digest] of [
			["hash", expected.sha256(data)],
			["leaf", expected.leaf(data)],
			["leafOfHash", expected.leaf(expected.sha256(data))],
			["labeled", expected.labeled(data, pattern(32, 5))],
			["forks", expected.forks(data, 0, 32, 3)],
		] as const) {
			kernel.bytes().set(pattern(32, 5), CONTROL_AT + CONTROL.digest);
			putLabels(kernel, labels, CONTROL.labels + (name === "leaf" ? 64 : 0));
			expect(run(kernel, OPERATION[name], data), name).toBe(
				hex(expected.labeledPath(outermostFirst, digest)),
			);
			expect(kernel.field(CONTROL_AT, "path")).toBe(0);
		}
		putLabels(kernel, labels);
		const before = expected.labeledPath(outermostFirst, expected.forks(data, 0, 32, 3));
		kernel.bytes().set(before, CONTROL_AT + CONTROL.digest);
		expect(run(kernel, OPERATION.climb, new Uint8Array())).toBe(
			hex(expected.labeledPath(outermostFirst, before)),
		);
		// Without labels nothing is on top, and the digest stays.
		expect(run(kernel, OPERATION.climb, new Uint8Array())).toBe(
			hex(expected.labeledPath(outermostFirst, before)),
		);
		expect(run(kernel, OPERATION.hash, data)).toBe(hex(expected.sha256(data)));
	});

	it("a label to the area's last byte, and none past it", () => {
		const kernel = attached();
		const all = pattern(LABELS_BYTES - 4);
		putLabels(kernel, [all]);
		expect(run(kernel, OPERATION.hash, pattern(50))).toBe(
			hex(expected.labeled(all, expected.sha256(pattern(50)))),
		);
		const lengthAt = (at: number, length: number) =>
			new DataView(kernel.bytes().buffer, CONTROL_AT).setUint32(at, length, true);
		for (const [pathAt, length, path] of [
			[CONTROL.labels, LABELS_BYTES - 3, 1],
			[CONTROL.labels, 0xffff_fffc, 1],
			[CONTROL.labels, LABELS_BYTES - 4, 2],
			[CONTROL.payload - 3, 0, 1],
			[CONTROL.labels - 4, 0, 1],
			[0, 0, 1],
			[CONTROL.payload, 0, 1],
			[0xffff_fff0, 0, 1],
		] as const) {
			if (pathAt < CONTROL.payload + 100) lengthAt(pathAt, length);
			kernel.setFields(CONTROL_AT, { path, pathAt });
			expect(() => run(kernel, OPERATION.hash, pattern(50)), `${pathAt} ${length}`).toThrow(/unreachable/);
			kernel.writeControl(CONTROL_AT, OPERATION.hash);
		}
	});
});

describe("base64", () => {
	it("of 0 to 200 bytes, from anywhere to behind them, and nothing else is written", () => {
		const kernel = attached();
		for (let size = 0; size <= 200; size++) {
			const [at, gap] = [size % 7, size % 5];
			const to = at + size + gap;
			const data = pattern(to + 4 * Math.ceil(size / 3) + 40, size + 1);
			kernel.setFields(CONTROL_AT, { at, size, to });
			run(kernel, OPERATION.base64, data, size % 13);
			const text = Buffer.from(data.subarray(at, at + size)).toString("base64");
			data.set(Buffer.from(text), to);
			const address = DATA_AT + (size % 13);
			const after = kernel.bytes().slice(address, address + data.length);
			expect(Buffer.compare(after, data), `${size}`).toBe(0);
		}
	});

	it("of all characters", () => {
		const kernel = attached();
		const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 7) & 255]).flat());
		kernel.setFields(CONTROL_AT, { at: 0, size: bytes.length, to: bytes.length });
		run(kernel, OPERATION.base64, new Uint8Array(Buffer.concat([bytes, Buffer.alloc(bytes.length * 2)])));
		const from = DATA_AT + bytes.length;
		const text = Buffer.from(kernel.bytes().slice(from, from + (bytes.length / 3) * 4)).toString();
		expect(text).toBe(bytes.toString("base64"));
	});

	it.each([
		[101, 1, 0],
		[0, 101, 0],
		[90, 11, 0],
		[0, 3, 97],
		[0, 1, 101],
		[0xffff_fff0, 0x20, 0],
		[0, 3, 0xffff_fffd],
		[1, 0xffff_ffff, 0],
	])("traps where bytes or text lie past the payload: %i, %i, %i", (at, size, to) => {
		const kernel = attached();
		kernel.setFields(CONTROL_AT, { at, size, to });
		expect(() => run(kernel, OPERATION.base64, pattern(100))).toThrow(/unreachable/);
	});
});

describe("many", () => {
	function many(kernel: Driver, args: Parameters<typeof expected.hashMany>, offset = 0) {
		const [data, records, at, stride, size, to, toStride] = args;
		kernel.setFields(CONTROL_AT, { records, at, stride, size, to, toStride });
		run(kernel, OPERATION.many, data, offset);
		const after = kernel.bytes().slice(DATA_AT + offset, DATA_AT + offset + data.length);
		expected.hashMany(...args);
		expect(Buffer.compare(after, data), JSON.stringify(args.slice(1))).toBe(0);
	}

	it("hashes records of every size from 0 to 300, each to the place behind it", () => {
		const kernel = attached();
		for (let size = 0; size <= 300; size++) {
			const [count, stride] = [1 + (size % 9), size + 40];
			const data = pattern(10 + count * stride, size);
			many(kernel, [data, count, 10, stride, size, 10 + size, stride], size % 7);
		}
	});

	it("hashes any number of records, digests side by side behind them", () => {
		const kernel = attached();
		for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 255, 256, 1_001]) {
			const size = 96;
			const data = pattern(count * (size + 32) + 33, count);
			many(kernel, [data, count, 0, size, size, count * size, 32]);
		}
	});

	it("lets digests lie over their own records and those before", () => {
		const kernel = attached();
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 40 }),
				fc.integer({ min: 32, max: 200 }),
				fc.nat({ max: 300 }),
				fc.nat({ max: 20 }),
				(count, stride, size, at) => {
					const data = pattern(at + stride * (count - 1) + Math.max(size, 32), stride);
					// A record longer than the stride overlaps the next, whose bytes the digest must then not touch.
					fc.pre(size <= stride);
					// An update of 32 bytes or less is the real certified_data_set, not the kernel's.
					fc.pre(data.length > CERTIFIED_DATA_MAX_BYTES);
					many(kernel, [data, count, at, stride, size, at, stride]);
					many(kernel, [data, count, at, stride, size, 0, 32]);
				},
			),
		);
	});

	it("traps on records or digests past the array's end, before it writes any", () => {
		const kernel = attached();
		const data = pattern(1_000);
		const right = { at: 0, stride: 100, size: 60, to: 68, toStride: 100, records: 10 };
		for (const wrong of [
			{ at: 41 },
			{ stride: 105 },
			{ size: 101 },
			{ to: 69 },
			{ toStride: 101 },
			{ records: 11 },
			{ size: 0xffff_ffff },
			{ to: 0xffff_ffff },
			{ stride: 0xffff_ffff, records: 0xffff_ffff, at: 0xffff_ffff, size: 0xffff_ffff },
		]) {
			kernel.setFields(CONTROL_AT, { ...right, ...wrong });
			expect(() => run(kernel, OPERATION.many, data), JSON.stringify(wrong)).toThrow(/unreachable/);
			expect(Buffer.compare(kernel.bytes().slice(DATA_AT, DATA_AT + 1_000), data)).toBe(0);
		}
	});
});

describe("resources", () => {
	it.each([
		[0n, 0],
		[260_000n, 1],
		[1n << 64n, 1],
	])("tell by the price of a call, %i cycles, whether the network charges", (cost, isPaid) => {
		const kernel = attached();
		kernel.system.callCost = cost;
		kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, OPERATION.resources));
		expect(kernel.field(CONTROL_AT, "isPaid")).toBe(isPaid);
	});

	it("are the system's, and an unfinished update goes on after them", () => {
		const kernel = attached();
		const control = new DataView(kernel.bytes(DATA_AT).buffer, CONTROL_AT);
		kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, OPERATION.update, pattern(64)));
		kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, OPERATION.resources));
		const cycles =
			control.getBigUint64(CONTROL.cycles, true) + (control.getBigUint64(CONTROL.cycles + 8, true) << 64n);
		expect([control.getBigUint64(CONTROL.pages, true), cycles]).toEqual([STABLE_PAGES, LIQUID_CYCLES]);
		kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, OPERATION.finish, pattern(40, 2)));
		const whole = Uint8Array.of(...pattern(64), ...pattern(40, 2));
		expect(kernel.digest(CONTROL_AT)).toBe(hex(expected.sha256(whole)));
	});
});

describe("cost", () => {
	const cost = (operation: number, length: number, fields: Parameters<Driver["setFields"]>[1] = {}) => {
		const kernel = attached(true);
		kernel.bytes(DATA_AT + length);
		kernel.setFields(CONTROL_AT, { op: operation, ...fields });
		return kernel.count(() => kernel.certifiedDataSet(DATA_AT, length));
	};

	it("of a labelled node with a label of 40 bytes is at most 10,100 instructions, of a leaf of 60 as much", () => {
		expect(cost(OPERATION.labeled, 40)).toBeLessThan(10_100);
		expect(cost(OPERATION.leaf, 60)).toBeLessThan(10_100);
	});

	it("of a leaf of a hash is at most two hashes and 1,000, of each label above it one", () => {
		const hash = cost(OPERATION.hash, 100);
		expect(cost(OPERATION.leafOfHash, 100)).toBeLessThan(2 * hash + 1_000);
		expect(cost(OPERATION.isHash, 100)).toBeLessThan(hash + 100);
		const labeled = { path: 2, pathAt: CONTROL.labels };
		expect(cost(OPERATION.hash, 100, labeled)).toBeLessThan(hash + 2 * 10_100);
	});

	it("of forks is at most 8,600 instructions a fork", () => {
		const forks = { at: 9, stride: 41, records: 50 };
		expect(cost(OPERATION.forks, 3_000, forks) / 49).toBeLessThan(8_600);
		expect(cost(OPERATION.forks, 12_000, { ...forks, records: 255 }) / 254).toBeLessThan(8_300);
	});

	it("of many records of 96 bytes is at most 8,400 instructions a record", () => {
		const many = { at: 0, stride: 96, size: 96, to: 0, toStride: 32, records: 100 };
		expect(cost(OPERATION.many, 9_600, many) / 100).toBeLessThan(8_400);
	});
});
