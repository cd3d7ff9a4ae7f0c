import * as opcodes from "./opcodes.js";
import * as read from "./read.js";
import type { Part, Shape } from "./shape.js";
import { skip, skipNull } from "./skip.js";
import type { WireTypes } from "./table.js";

/** In thousands of instructions. */
const EFFORT = { type: 5, field: 7 } as const;

/**
 * How to read values of a message's own type as the type that is expected (specification, "Coercion"). What the two
 * types do not share shows when a value is read: an empty vec of anything is one of everything, a case that is not
 * chosen may be of any type. Expected types are finite, so that a plan is no larger than its expected type and the
 * records that it meets, whatever the message's types are.
 */
export function planOf(types: WireTypes, ref: number, expected: Shape): read.Read {
	read.spend(EFFORT.type);
	if (ref === opcodes.EMPTY) return read.noValue;
	if (expected.opcode === opcodes.OPT) return planOpt(types, ref, expected);
	if (!opcodes.isConstructed(expected.opcode)) {
		const isService =
			expected.opcode === opcodes.PRINCIPAL && ref >= 0 && types.opcodes[ref] === opcodes.SERVICE;
		return ref === expected.opcode || isService ? expected.read : read.mismatch;
	}
	if (types.opcodes[ref] !== expected.opcode) return read.mismatch;
	if (expected.opcode === opcodes.VEC) return planVec(types, types.of[ref]!, expected);
	return expected.opcode === opcodes.RECORD
		? planRecord(types, ref, expected)
		: planVariant(types, ref, expected);
}

function planOpt(types: WireTypes, ref: number, { parts }: Shape): read.Read {
	if (ref === opcodes.NULL || ref === opcodes.RESERVED) return read.readAbsent;
	const content = parts[0]!.shape;
	if (types.opcodes[ref] !== opcodes.OPT)
		return read.readOrAbsent(planOf(types, ref, content), skipper(types, ref));
	const inner = types.of[ref]!;
	return read.foreignOptReader(planOf(types, inner, content), skipper(types, inner));
}

function planVec(types: WireTypes, of: number, expected: Shape): read.Read {
	const { shape } = expected.parts[0]!;
	if (expected.form !== "bytes")
		return read.vecReader(planOf(types, of, shape), expected.max, expected.parts[0]!.shape.size);
	if (of === opcodes.NAT8) return expected.read;
	const elements = read.vecReader(planOf(types, of, shape), expected.max, 1);
	return () => {
		elements();
		return new Uint8Array(0);
	};
}

function planRecord(types: WireTypes, record: number, expected: Shape): read.Read {
	const { parts, form } = expected;
	const ids = types.ids[record]!;
	const refs = types.refs[record]!;
	const names: (string | undefined)[] = [];
	const reads: read.Read[] = [];
	const absent: Part[] = [];
	let next = 0;
	let awaited = parts[0]?.id ?? Infinity;
	read.spend(ids.length * EFFORT.field);
	for (let i = 0; i < ids.length; i++) {
		const id = ids[i]!;
		while (awaited < id) {
			absent.push(parts[next++]!);
			awaited = parts[next]?.id ?? Infinity;
		}
		if (awaited === id) {
			const { name, shape } = parts[next++]!;
			awaited = parts[next]?.id ?? Infinity;
			names[i] = name;
			reads[i] = planOf(types, refs[i]!, shape);
		} else {
			names[i] = undefined;
			reads[i] = surplusReader(types, refs[i]!);
		}
	}
	for (const { name, shape } of absent.concat(parts.slice(next))) {
		names.push(name);
		reads.push(readMissing(shape));
	}
	return form === "tuple" ? read.tupleReader(names, reads) : read.recordReader(names, reads);
}

/** Reads what is not expected. */
export const surplusReader =
	(types: WireTypes, ref: number): read.Read =>
	() =>
		read.isStrict ? skipNull(types, ref) : skip(types, ref);

const skipper =
	(types: WireTypes, ref: number): read.Read =>
	() =>
		skip(types, ref);

/** What is read for a field, or an argument, that the message does not have. */
export function readMissing(expected: Shape): read.Read {
	if (expected.opcode === opcodes.OPT) return read.readAbsent;
	return expected.opcode === opcodes.NULL ? read.readNull : read.mismatch;
}

function planVariant(types: WireTypes, variant: number, expected: Shape): read.Read {
	const refs = types.refs[variant]!;
	read.spend(refs.length * EFFORT.field);
	const names: (string | undefined)[] = [];
	const reads: read.Read[] = [];
	types.ids[variant]!.forEach((id, i) => {
		const part = expected.parts.find((known) => known.id === id);
		names[i] = part?.name;
		reads[i] = part === undefined ? read.unknownCase : planOf(types, refs[i]!, part.shape);
	});
	return read.variantReader(names, reads);
}
