import * as opcodes from "./opcodes.js";
import * as read from "./read.js";
import type { Part, Shape } from "./shape.js";
import { skip } from "./skip.js";
import type { WireType } from "./table.js";

/**
 * How to read values of a message's own type as the type that is expected (specification, "Coercion"). What the two
 * types do not share shows when a value is read: an empty vec of anything is one of everything, a case that is not
 * chosen may be of any type. Expected types are finite, so that a plan is no larger than its expected type and the
 * records that it meets, whatever the message's types are.
 */
export function planOf(types: readonly WireType[], ref: number, expected: Shape): read.Read {
	read.spend(1);
	if (ref === opcodes.EMPTY) return read.noValue;
	if (expected.opcode === opcodes.OPT) return planOpt(types, ref, expected);
	if (!opcodes.isConstructed(expected.opcode)) {
		const isService =
			expected.opcode === opcodes.PRINCIPAL && ref >= 0 && types[ref]!.opcode === opcodes.SERVICE;
		return ref === expected.opcode || isService ? expected.read : read.mismatch;
	}
	const type = ref >= 0 ? types[ref]! : undefined;
	if (type?.opcode !== expected.opcode) return read.mismatch;
	if (expected.opcode === opcodes.VEC) return planVec(types, type.refs[0]!, expected);
	return expected.opcode === opcodes.RECORD
		? planRecord(types, type, expected)
		: planVariant(types, type, expected);
}

function planOpt(types: readonly WireType[], ref: number, { parts }: Shape): read.Read {
	if (ref === opcodes.NULL || ref === opcodes.RESERVED) return read.readAbsent;
	const content = parts[0]!.shape;
	const type = ref >= 0 ? types[ref]! : undefined;
	if (type?.opcode !== opcodes.OPT)
		return read.readOrAbsent(planOf(types, ref, content), () => skip(types, ref));
	const inner = type.refs[0]!;
	return read.foreignOptReader(planOf(types, inner, content), () => skip(types, inner));
}

function planVec(types: readonly WireType[], of: number, expected: Shape): read.Read {
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

function planRecord(types: readonly WireType[], type: WireType, expected: Shape): read.Read {
	const { parts, form } = expected;
	const fields: { index: number; name: string | undefined; read: read.Read }[] = [];
	let next = 0;
	const missing = (part: Part) =>
		fields.push({ index: next, name: part.name, read: readMissing(part.shape) });
	for (let i = 0; i < type.ids.length; i++) {
		read.spend(1);
		const id = type.ids[i]!;
		const ref = type.refs[i]!;
		while (next < parts.length && parts[next]!.id < id) {
			missing(parts[next]!);
			next++;
		}
		const part = parts[next];
		if (part?.id === id) {
			fields.push({ index: next, name: part.name, read: planOf(types, ref, part.shape) });
			next++;
		} else fields.push({ index: -1, name: undefined, read: () => skip(types, ref) });
	}
	while (next < parts.length) {
		missing(parts[next]!);
		next++;
	}
	return form === "tuple" ? read.tupleReader(fields) : read.recordReader(fields);
}

/** What is read for a field, or an argument, that the message does not have. */
export function readMissing(expected: Shape): read.Read {
	if (expected.opcode === opcodes.OPT) return read.readAbsent;
	return expected.opcode === opcodes.NULL ? read.readNull : read.mismatch;
}

function planVariant(types: readonly WireType[], type: WireType, expected: Shape): read.Read {
	const cases = type.ids.map((id, i) => {
		read.spend(1);
		const part = expected.parts.find((known) => known.id === id);
		return part === undefined
			? { name: undefined, read: read.mismatch }
			: { name: part.name, read: planOf(types, type.refs[i]!, part.shape) };
	});
	return read.variantReader(cases);
}
