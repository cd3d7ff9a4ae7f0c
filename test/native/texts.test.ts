/** Texts in the kernel: its check of UTF-8, compared with TextDecoder, and its fallback to the system's calls. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTROL, OPERATION } from "../../src/canister/native/abi.js";
import { type Driver, METHOD_NAME, startKernel } from "./support.js";

const CONTROL_AT = 1_024;
const TO = 32_768;
const DATA_AT = 65_536;
const CAPACITY = 4_096;

function attached(metering = false): Driver {
	const kernel = startKernel(metering);
	kernel.attach(CONTROL_AT);
	return kernel;
}

/** What Azle makes of the payload: it asks for the size, then for as many bytes. */
function decode(kernel: Driver, payload: Uint8Array): string {
	kernel.writeControl(CONTROL_AT, OPERATION.decode, payload);
	const size = kernel.methodNameSize();
	kernel.methodNameCopy(TO, 0, size);
	return Buffer.from(kernel.bytes().slice(TO, TO + size)).toString();
}

/** The payload in the block and, where that can be, data where it lies. */
function check(kernel: Driver, bytes: Uint8Array): boolean {
	kernel.certifiedDataSet(CONTROL_AT, kernel.writeControl(CONTROL_AT, OPERATION.check, bytes));
	const isUtf8 = kernel.field(CONTROL_AT, "records");
	if (bytes.length > 32) {
		kernel.bytes(DATA_AT + bytes.length).set(bytes, DATA_AT);
		kernel.setFields(CONTROL_AT, { records: 7 });
		kernel.certifiedDataSet(DATA_AT, bytes.length);
		expect(kernel.field(CONTROL_AT, "records")).toBe(isUtf8);
	}
	return isUtf8 === 1;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function isUtf8(bytes: Uint8Array): boolean {
	try {
		strict.decode(bytes);
		return true;
	} catch {
		return false;
	}
}

/** Fails for the first bytes that the kernel takes for something else. */
function expectAlike(kernel: Driver, all: Iterable<Uint8Array>): void {
	for (const bytes of all)
		if (check(kernel, bytes) !== isUtf8(bytes)) expect.fail(Buffer.from(bytes).toString("hex"));
}

describe("UTF-8", () => {
	it("is told by every first and second byte, whatever follows", () => {
		const all = function* () {
			for (let first = 0x80; first < 0x100; first++)
				for (let second = 0; second < 0x100; second++)
					for (const rest of [[], [0x80], [0x80, 0x80], [0xbf, 0xbf], [0x80, 0x41], [0x80, 0x80, 0x80]])
						yield Uint8Array.of(first, second, ...rest);
		};
		expectAlike(attached(), all());
	});

	it("is told by every third and fourth byte", () => {
		const all = function* () {
			for (let byte = 0; byte < 0x100; byte++)
				for (const before of [
					[0xe3, 0x81],
					[0xf0, 0x9f],
					[0xf0, 0x9f, 0x98],
				])
					for (const rest of [[], [0x80], [0x61]]) yield Uint8Array.of(...before, byte, ...rest);
		};
		expectAlike(attached(), all());
	});

	it("is told at any place among other characters, and of any beginning of a text", () => {
		const piece = fc.oneof(
			fc.constantFrom("a", "é", "߿", "ࠀ", "한", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}", "abcdefgh"),
			fc.constant(""),
		);
		const wrong = fc.constantFrom(
			...["80", "c3", "e381", "f09f98", "c0af", "c1bf", "e08080", "e09fbf", "eda080", "edbfbf", "f08080af"],
			...["f08fbfbf", "f4908080", "f5808080", "f8888080", "fe", "ff", ""],
		);
		const kernel = attached();
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 12 }), wrong, fc.array(piece), fc.nat(9), (a, b, c, cut) => {
				const whole = Buffer.concat([
					Buffer.from(a.join("")),
					Buffer.from(b, "hex"),
					Buffer.from(c.join("")),
				]);
				expectAlike(kernel, [whole, whole.subarray(0, -cut || undefined)]);
			}),
			{ numRuns: 3_000 },
		);
	});

	it("is told of random bytes", () => {
		const kernel = attached();
		fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => expectAlike(kernel, [bytes])));
	});

	it("is read up to the memory's last byte", () => {
		const kernel = attached();
		const memory = kernel.bytes(DATA_AT + 65_536);
		for (const text of ["a".repeat(33), "é".repeat(20), "한".repeat(20), "😀".repeat(20)]) {
			const bytes = Buffer.from(text);
			memory.set(bytes, memory.length - bytes.length);
			kernel.setFields(CONTROL_AT, { op: OPERATION.check });
			kernel.certifiedDataSet(memory.length - bytes.length, bytes.length);
			expect(kernel.field(CONTROL_AT, "records")).toBe(1);
		}
	});
});

describe("decode", () => {
	it("gives a text where the name of a method is asked for, once", () => {
		const kernel = attached();
		for (const text of ["", "a", "한국어/😀", "é".repeat(CAPACITY / 2)]) {
			expect(decode(kernel, Buffer.from(text)) === text).toBe(true);
			expect(kernel.methodNameSize()).toBe(METHOD_NAME.length);
			kernel.methodNameCopy(TO, 2, 4);
			expect(Buffer.from(kernel.bytes().slice(TO, TO + 4)).toString()).toBe(METHOD_NAME.slice(2, 6));
		}
	});

	it("gives nothing for what is not UTF-8", () => {
		const kernel = attached();
		expect(decode(kernel, Uint8Array.of(0x61, 0xff))).toBe("");
		expect(kernel.methodNameSize()).toBe(METHOD_NAME.length);
	});

	it("traps on a text that is longer than the block, and on a copy past its end", () => {
		const kernel = attached();
		kernel.writeControl(CONTROL_AT, OPERATION.decode, new Uint8Array(CAPACITY));
		kernel.setFields(CONTROL_AT, { length: CAPACITY + 1 });
		expect(() => kernel.methodNameSize()).toThrow(/unreachable/);
		kernel.setFields(CONTROL_AT, { length: 10 });
		for (const [offset, size] of [
			[0, 11],
			[1, 10],
			[11, 0],
			[0xffff_ffff, 1],
			[1, 0xffff_ffff],
		] as const)
			expect(() => kernel.methodNameCopy(TO, offset, size)).toThrow(/unreachable/);
	});
});

describe("encode", () => {
	const encode = (kernel: Driver, text: string): Buffer => {
		const bytes = Buffer.from(text);
		kernel.bytes(DATA_AT + bytes.length).set(bytes, DATA_AT);
		kernel.setFields(CONTROL_AT, { op: OPERATION.encode });
		kernel.reject(DATA_AT, bytes.length);
		const from = CONTROL_AT + CONTROL.payload;
		return Buffer.from(kernel.bytes().slice(from, from + kernel.field(CONTROL_AT, "length")));
	};

	it("takes a text from a reject, once", () => {
		const kernel = attached();
		for (const text of ["", "a", "한국어/😀", "x".repeat(CAPACITY)])
			expect(encode(kernel, text).toString() === text).toBe(true);
		expect(kernel.system.rejected).toEqual([]);
		kernel.bytes().set(Buffer.from("no"), DATA_AT);
		kernel.reject(DATA_AT, 2);
		expect(kernel.system.rejected).toEqual(["no"]);
	});

	it("tells only the length of one that does not fit", () => {
		const kernel = attached();
		encode(kernel, "before");
		const text = encode(kernel, "x".repeat(CAPACITY + 1));
		expect(text.length).toBe(CAPACITY + 1);
		expect(text.subarray(0, 6).toString()).toBe("before");
	});
});

it("without a block every call is the system's", () => {
	const kernel = startKernel();
	// Where the fields of a block at address 0 would be.
	kernel.writeControl(0, OPERATION.decode, Buffer.from("text"));
	expect(kernel.methodNameSize()).toBe(METHOD_NAME.length);
	kernel.writeControl(0, OPERATION.encode);
	kernel.reject(DATA_AT - 8, 0);
	expect(kernel.system.rejected).toEqual([""]);
});

describe("cost", () => {
	it.each([
		["a", 6],
		["é", 21],
		["한", 19],
		["😀", 18],
	])("of a text of %s is at most %i instructions a byte", (character, most) => {
		const kernel = attached(true);
		const payload = Buffer.from(character.repeat(900));
		kernel.writeControl(CONTROL_AT, OPERATION.decode, payload);
		expect(kernel.count(() => kernel.methodNameSize()) / payload.length).toBeLessThan(most);
	});

	it("of the system's own calls is next to nothing", () => {
		const kernel = attached(true);
		expect(kernel.count(() => kernel.methodNameSize())).toBeLessThan(20);
		expect(kernel.count(() => kernel.reject(DATA_AT - 8, 2))).toBeLessThan(20);
	});
});
