import * as opcodes from "./opcodes.js";
import * as read from "./read.js";
import type { Part, Shape } from "./shape.js";
import { skip } from "./skip.js";
import type { WireTypes } from "./table.js";

/** In thousands of instructions. */
const EFFORT = { type: 5, field: 6 } as const;

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
		return read.readOrAbsent(planOf(types, ref, content), () => skip(types, ref));
	const inner = types.of[ref]!;
	return read.foreignOptReader(planOf(types, inner, content), () => skip(types, inner));
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
	const fields: read.ReadField[] = [];
	const absent: read.ReadField[] = [];
	let next = 0;
	read.spend(ids.length * EFFORT.field);
	for (let i = 0; i < ids.length; i++) {
		const id = ids[i]!;
		const ref = refs[i]!;
		while (next < parts.length && parts[next]!.id < id) absent.push(missing(parts[next++]!));
		const part = parts[next];
		if (part?.id === id) {
			fields[i] = { name: part.name, read: planOf(types, ref, part.shape) };
			next++;
		} else fields[i] = { name: undefined, read: () => skip(types, ref) };
	}
	while (next < parts.length) absent.push(missing(parts[next++]!));
	fields.push(...absent);
	return form === "tuple" ? read.tupleReader(fields) : read.recordReader(fields);
}

const missing = ({ name, shape }: Part): read.ReadField => ({ name, read: readMissing(shape) });

/** What is read for a field, or an argument, that the message does not have. */
export function readMissing(expected: Shape): read.Read {
	if (expected.opcode === opcodes.OPT) return read.readAbsent;
	return expected.opcode === opcodes.NULL ? read.readNull : read.mismatch;
}

function planVariant(types: WireTypes, variant: number, expected: Shape): read.Read {
	const refs = types.refs[variant]!;
	read.spend(refs.length * EFFORT.field);
	return read.variantReader(
		types.ids[variant]!.map((id, i) => {
			const part = expected.parts.find((known) => known.id === id);
			return part === undefined
				? { name: undefined, read: read.mismatch }
				: { name: part.name, read: planOf(types, refs[i]!, part.shape) };
		}),
	);
}
