import { headerOf } from "./header.js";
import * as opcodes from "./opcodes.js";
import { planOf, readMissing } from "./plan.js";
import * as read from "./read.js";
import type { Shape } from "./shape.js";
import { skip } from "./skip.js";
import { readHeader, type WireTypes } from "./table.js";
import { fromUnits } from "./utf8.js";
import { writeBehind } from "./write.js";

/**
 * Bounds of a request whose type says no more. The largest of this protocol publishes a blob with 32 entries of
 * metadata: 96 values, 5,248 bytes of text. Where its header is not the usual one, its 7 types and 15 fields take 560
 * of the effort.
 */
const VALUES = 100;
const TEXT_BYTES = 5_376;
const EFFORT = 650;

/**
 * How many texts are read to check a message, and not to carry it out: as many as a request of one blob has, and some.
 * To read those of many blobs takes more than the 200 M instructions of inspect_message.
 */
const CHECKED_TEXTS = 100;

/** In a header, behind the magic. */
const TYPES_AT = 4;

const NO_TYPES: WireTypes = { opcodes: [], of: [], ids: [], refs: [] };

/** Reads the arguments of one method. */
export class ArgumentsReader {
	readonly #shapes: readonly Shape[];
	readonly #usual: Plan;
	readonly #bounds: read.Bounds;
	readonly #checked: read.Bounds;
	/** What @dfinity/candid begins each such message with, as a text: the engine compares texts, no bytecode a byte. */
	readonly #header: string;
	/** How many types are in its table, which is another number in most headers of others. */
	readonly #types: number;

	constructor(shapes: readonly Shape[], bounds: read.Bounds = boundsOf(shapes)) {
		this.#shapes = shapes;
		this.#usual = { reads: shapes.map((shape) => shape.read), types: NO_TYPES, surplus: [] };
		this.#bounds = bounds;
		this.#checked = { ...bounds, texts: Math.min(bounds.texts, CHECKED_TEXTS) };
		const header = headerOf(shapes);
		this.#header = fromUnits(header);
		this.#types = header[TYPES_AT]!;
	}

	/** The arguments; blobs among them are views into the message. Throws Malformed. */
	read(message: Uint8Array): unknown[] {
		read.open(message, this.#bounds);
		try {
			const plan = this.#planFor(message);
			const from = read.position();
			const values = readOnce(plan);
			if (!read.isPutOff) return values;
			read.again(from);
			return readValues(plan);
		} finally {
			read.close();
		}
	}

	/** Throws Malformed where `read` would, but for texts that it puts off and that are short: these may be no UTF-8. */
	check(message: Uint8Array): void {
		read.open(message, this.#checked);
		try {
			readOnce(this.#planFor(message));
		} finally {
			read.close();
		}
	}

	#startsAsUsual(message: Uint8Array): boolean {
		const { length } = this.#header;
		if (message[TYPES_AT] !== this.#types || message.length < length) return false;
		if (fromUnits(message.subarray(0, length)) !== this.#header) return false;
		read.seek(length);
		return true;
	}

	/** Reads the header. */
	#planFor(message: Uint8Array): Plan {
		return this.#startsAsUsual(message) ? this.#usual : this.#planForeign();
	}

	#planForeign(): Plan {
		const { types, args } = readHeader();
		const plans = this.#shapes.map((shape, i) =>
			i < args.length ? planOf(types, args[i]!, shape) : readMissing(shape),
		);
		// Before a text of an argument is decoded, that another is none of ours.
		if (plans.includes(read.mismatch)) read.mismatch();
		return { reads: plans, types, surplus: args.slice(plans.length) };
	}
}

/** How to read the values of a message: those of the arguments, and then of others, by the types that it declares. */
interface Plan {
	readonly reads: readonly read.Read[];
	readonly types: WireTypes;
	readonly surplus: readonly number[];
}

function readValues({ reads }: Plan): unknown[] {
	const values: unknown[] = [];
	for (let i = 0; i < reads.length; i++) values[i] = reads[i]!();
	return values;
}

/** The values, and whatever is behind them. */
function readOnce(plan: Plan): unknown[] {
	const values = readValues(plan);
	for (const surplus of plan.surplus) skip(plan.types, surplus);
	read.expectEnd();
	return values;
}

const boundsOf = (shapes: readonly Shape[]): read.Bounds => ({
	text: Math.max(TEXT_BYTES, sum(shapes, textAllowed)),
	texts: sum(shapes, textsAllowed),
	longTexts: false,
	values: VALUES + sum(shapes, valuesAllowed),
	effort: EFFORT,
});

const sum = (shapes: readonly Shape[], of: (shape: Shape) => number): number =>
	shapes.reduce((total, shape) => total + of(shape), 0);
const within = ({ parts }: Shape): Shape[] => parts.map(({ shape }) => shape);
const stated = ({ max }: Shape): number => (Number.isFinite(max) ? max : 0);

/** Bytes of text that the maxima of the type allow, where it states them. */
function textAllowed(shape: Shape): number {
	if (shape.opcode === opcodes.TEXT) return stated(shape);
	return sum(within(shape), textAllowed) * timesOf(shape);
}

/** Texts that the type allows, those aside that are in a vector without a stated maximum. */
function textsAllowed(shape: Shape): number {
	if (shape.opcode === opcodes.TEXT) return 1;
	return sum(within(shape), textsAllowed) * timesOf(shape);
}

const timesOf = (shape: Shape): number => (shape.opcode === opcodes.VEC ? stated(shape) : 1);

/** Values in vectors with a stated maximum. One within another shares what the outer allows: maxima do not multiply. */
function valuesAllowed(shape: Shape): number {
	if (shape.form === "bytes") return 0;
	const own = shape.opcode === opcodes.VEC ? stated(shape) * shape.parts[0]!.shape.size : 0;
	return own + sum(within(shape), valuesAllowed);
}

/** Writes messages of one value of one type. */
export class ReplyWriter {
	readonly #header: Uint8Array;
	readonly #shape: Shape;

	constructor(shape: Shape) {
		this.#header = headerOf([shape]);
		this.#shape = shape;
	}

	/** The message, as a view that is valid until the next one is written. */
	write(value: unknown): Uint8Array {
		return writeBehind(this.#header, this.#shape.write, value);
	}
}
