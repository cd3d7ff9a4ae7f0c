import { headerOf } from "./header.js";
import * as opcodes from "./opcodes.js";
import { planOf, readMissing, surplusReader } from "./plan.js";
import * as read from "./read.js";
import type { CandidType, Shape } from "./shape.js";
import { readHeader } from "./table.js";
import { fromUnits } from "./utf8.js";
import { type Encodable, Encoded, type Write, writeBehind } from "./write.js";

/**
 * Bounds of a request whose type says no more. The largest of this protocol publishes a blob with 32 entries of
 * metadata: 96 values, 5,248 bytes of text. Where its header is not the usual one, its 11 types and 22 fields take 841
 * of the effort, and 890 with a field and an argument of a later version.
 */
const VALUES = 100;
const TEXT_BYTES = 5_376;
const EFFORT = 720;
/** So many fields are within that; a request of more may take as much as an end, and whose a blob is and since when. */
const FIELDS = 17;
const EFFORT_OF_MORE = 176;

/**
 * How many texts are read to check a message, and not to carry it out: as many as a request of one blob has, and some.
 * To read those of many blobs takes more than the 200 M instructions of inspect_message.
 */
const CHECKED_TEXTS = 100;

/** In a header, behind the magic. */
const TYPES_AT = 4;

/** Reads the arguments of one method. */
export class ArgumentsReader {
	readonly #shapes: readonly Shape[];
	readonly #usual: Plan;
	readonly #bounds: read.Bounds;
	readonly #checked: read.Bounds;
	/** What @dfinity/candid begins each such message with. */
	readonly #header: Header;

	constructor(shapes: readonly Shape[], bounds: read.Bounds = boundsOf(shapes)) {
		this.#shapes = shapes;
		this.#usual = { reads: shapes.map((shape) => shape.read), surplus: [] };
		this.#bounds = bounds;
		this.#checked = { ...bounds, texts: Math.min(bounds.texts, CHECKED_TEXTS) };
		this.#header = new Header(headerOf(shapes));
	}

	/** The arguments; blobs among them are views into the message. Throws Malformed, Unsupported. */
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

	/** Throws Malformed or Unsupported where `read` would, but for texts that it puts off and that are short: these may be no UTF-8. */
	check(message: Uint8Array): void {
		read.open(message, this.#checked);
		try {
			readOnce(this.#planFor(message));
		} finally {
			read.close();
		}
	}

	/** Reads the header. */
	#planFor(message: Uint8Array): Plan {
		return this.#header.begins(message) ? this.#usual : this.#planForeign();
	}

	#planForeign(): Plan {
		const { types, args } = readHeader();
		if (args.length > this.#shapes.length + MAX_SURPLUS_ARGUMENTS)
			read.malformed("it has more arguments than any version of the method");
		const plans = this.#shapes.map((shape, i) =>
			i < args.length ? planOf(types, args[i]!, shape) : readMissing(shape),
		);
		// Before a text of an argument is decoded, that another is none of ours.
		if (plans.includes(read.mismatch)) read.mismatch();
		return { reads: plans, surplus: args.slice(plans.length).map((ref) => surplusReader(types, ref)) };
	}
}

/** Arguments that later versions of a method may add; each costs as much as a field to look at. */
const MAX_SURPLUS_ARGUMENTS = 8;

/** A header that most messages of a type begin with, whose values are then read without looking at their types. */
class Header {
	readonly bytes: Uint8Array;
	/** As a text: the engine compares texts itself, without a bytecode for each byte. */
	readonly text: string;
	/** How many types are in its table, which is another number in most headers of others. */
	readonly #types: number;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
		this.text = fromUnits(bytes);
		this.#types = bytes[TYPES_AT]!;
	}

	/** Whether the open message begins with it; then the reader stands behind it. */
	begins(message: Uint8Array): boolean {
		const { length } = this.text;
		if (message[TYPES_AT] !== this.#types || message.length < length) return false;
		if (fromUnits(message.subarray(0, length)) !== this.text) return false;
		read.seek(length);
		return true;
	}
}

/** How to read the values of a message: those that are expected, then what else it holds. */
interface Plan {
	readonly reads: readonly read.Read[];
	readonly surplus: readonly read.Read[];
}

function readValues({ reads }: Plan): unknown[] {
	const values: unknown[] = [];
	for (let i = 0; i < reads.length; i++) values[i] = reads[i]!();
	return values;
}

/** The values, and whatever is behind them. */
function readOnce(plan: Plan): unknown[] {
	const values = readValues(plan);
	for (const readSurplus of plan.surplus) readSurplus();
	read.expectEnd();
	return values;
}

/** What one request of these types may cost. */
export const boundsOf = (shapes: readonly Shape[]): read.Bounds => ({
	text: Math.max(TEXT_BYTES, sum(shapes, textAllowed)),
	texts: sum(shapes, textsAllowed),
	longTexts: false,
	listsOfTexts: true,
	values: VALUES + sum(shapes, valuesAllowed),
	effort: EFFORT + (sum(shapes, fieldsIn) > FIELDS ? EFFORT_OF_MORE : 0),
	isStrict: true,
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

/** Fields of records, and cases of variants, in all that it is made of. */
function fieldsIn(shape: Shape): number {
	const isNamed = shape.opcode === opcodes.RECORD || shape.opcode === opcodes.VARIANT;
	return (isNamed ? shape.parts.length : 0) + sum(within(shape), fieldsIn);
}

const timesOf = (shape: Shape): number => (shape.opcode === opcodes.VEC ? stated(shape) : 1);

/** Values in vectors with a stated maximum. One within another shares what the outer allows: maxima do not multiply. */
function valuesAllowed(shape: Shape): number {
	if (shape.form === "bytes") return 0;
	const own = shape.opcode === opcodes.VEC ? stated(shape) * shape.parts[0]!.shape.size : 0;
	return own + sum(within(shape), valuesAllowed);
}

/** Writes the arguments of one method. */
export class ArgumentsWriter {
	readonly #header: Uint8Array;
	readonly #write: Write;

	constructor(shapes: readonly Shape[]) {
		this.#header = headerOf(shapes);
		this.#write = (values) => {
			for (let i = 0; i < shapes.length; i++) shapes[i]!.write((values as readonly unknown[])[i]);
		};
	}

	/** The message, as a view that is valid until the next one is written. */
	write(values: readonly unknown[]): Uint8Array {
		return writeBehind(this.#header, this.#write, values);
	}
}

/** Writes messages of one value of one type. */
export class ReplyWriter {
	readonly #header: Uint8Array;
	readonly #shape: Shape;

	constructor(shape: Shape) {
		this.#header = headerOf([shape]);
		this.#shape = shape;
	}

	/** The message, as a view that is valid until the next one is written. `room`: as `writeBehind` takes it. */
	write(value: unknown, room = 0): Uint8Array {
		return writeBehind(this.#header, this.#shape.write, value, room);
	}
}

/**
 * A value that travels and is stored as a message of its own: magic, type table, value. Whoever wrote it, and in
 * whatever version, it says itself how it is to be read, and its bytes stay what they are: they are what is hashed.
 */
export class Message<T> {
	readonly #header: Header;
	readonly #shape: Shape;

	constructor(type: CandidType<T>) {
		this.#shape = type;
		this.#header = new Header(headerOf([type]));
	}

	/** How many bytes stand before the value. */
	get headerBytes(): number {
		return this.#header.bytes.length;
	}

	/** The message, in an array of its own. */
	encode(value: T | Encodable<T>): Uint8Array {
		// By the constructor: `slice` looks for a species, and costs 1,800 instructions more.
		return new Uint8Array(writeBehind(this.#header.bytes, this.#shape.write, value));
	}

	/** What a message says, to be written as a part of another: as it lies there, if it was written by this version. */
	part(message: Uint8Array): Encodable<T> {
		const own = message.subarray(this.headerBytes);
		return (this.isOwn(message) ? new Encoded(own) : this.decode(message)) as Encodable<T>;
	}

	/**
	 * What a message says that may be of another version: unknown fields are passed over, unknown cases within an opt
	 * make it absent. Blobs are views into it. Throws Malformed; `isMismatch` tells one that is Candid of other types.
	 */
	decode(message: Uint8Array, bounds: read.Bounds = read.UNBOUNDED): T {
		read.open(message, bounds);
		try {
			const value = this.#read(message);
			read.expectEnd();
			return value as T;
		} finally {
			read.close();
		}
	}

	/** The same of a message that this version wrote of exactly this type; undefined where it is another. */
	decodeOwn(message: Uint8Array, bounds: read.Bounds = read.UNBOUNDED): T | undefined {
		read.open(message, bounds);
		try {
			if (!this.#header.begins(message)) return undefined;
			const value = this.#shape.read();
			read.expectEnd();
			return value as T;
		} finally {
			read.close();
		}
	}

	/** Whether this version wrote it of exactly this type. */
	isOwn(message: Uint8Array): boolean {
		const { bytes, text } = this.#header;
		return fromUnits(message.subarray(0, bytes.length)) === text;
	}

	#read(message: Uint8Array): unknown {
		if (this.#header.begins(message)) return this.#shape.read();
		const { types, args } = readHeader();
		const [first, ...others] = args;
		const value = first === undefined ? read.mismatch() : planOf(types, first, this.#shape)();
		for (const other of others) surplusReader(types, other)();
		return value;
	}
}
