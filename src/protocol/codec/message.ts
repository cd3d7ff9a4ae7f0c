import { headerOf } from "./header.js";
import * as opcodes from "./opcodes.js";
import { planOf, readMissing } from "./plan.js";
import * as read from "./read.js";
import type { Shape } from "./shape.js";
import { skip } from "./skip.js";
import { readHeader } from "./table.js";
import { fromUnits } from "./utf8.js";
import { write } from "./write.js";

/**
 * Bounds of a request whose type says no more. The largest of this protocol publishes a blob with 32 entries of
 * metadata: 96 values, 5,248 bytes of text. Where its header is not the usual one, its 7 types and 15 fields take 560
 * of the effort.
 */
const VALUES = 128;
const TEXT_BYTES = 6_144;
const EFFORT = 650;

/** Reads the arguments of one method. */
export class ArgumentsReader {
	readonly #shapes: readonly Shape[];
	readonly #bounds: read.Bounds;
	/** What @dfinity/candid begins each such message with, as a text: the engine compares texts, no bytecode a byte. */
	readonly #header: string;

	constructor(shapes: readonly Shape[], bounds: read.Bounds = boundsOf(shapes)) {
		this.#shapes = shapes;
		this.#bounds = bounds;
		this.#header = fromUnits(headerOf(shapes));
	}

	/** The arguments; blobs among them are views into the message. Throws Malformed. */
	read(message: Uint8Array): unknown[] {
		read.open(message, this.#bounds);
		try {
			const values = this.#startsAsUsual(message) ? this.#readValues() : this.#readForeign();
			read.expectEnd();
			return values;
		} finally {
			read.close();
		}
	}

	#startsAsUsual(message: Uint8Array): boolean {
		const { length } = this.#header;
		if (message.length < length || fromUnits(message.subarray(0, length)) !== this.#header) return false;
		read.seek(length);
		return true;
	}

	#readValues(): unknown[] {
		const values: unknown[] = [];
		for (const shape of this.#shapes) values.push(shape.read());
		return values;
	}

	#readForeign(): unknown[] {
		const { types, args } = readHeader();
		const plans = this.#shapes.map((shape, i) =>
			i < args.length ? planOf(types, args[i]!, shape) : readMissing(shape),
		);
		// Before a text of an argument is decoded, that another is none of ours.
		if (plans.includes(read.mismatch)) read.mismatch();
		const values: unknown[] = [];
		for (const plan of plans) values.push(plan());
		for (const surplus of args.slice(plans.length)) skip(types, surplus);
		return values;
	}
}

const boundsOf = (shapes: readonly Shape[]): read.Bounds => ({
	text: Math.max(TEXT_BYTES, sum(shapes, textAllowed)),
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
	return sum(within(shape), textAllowed) * (shape.opcode === opcodes.VEC ? stated(shape) : 1);
}

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
		return write(this.#header, () => this.#shape.write(value));
	}
}
