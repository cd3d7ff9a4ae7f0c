import { invalidOption } from "../arguments.js";
import type { Cursor } from "../types.js";
import { fromHex, hex } from "../util/bytes.js";
import { type AsJson, withJson } from "../util/json.js";

/** A place in the feed, its head in bytes. */
export interface Position {
	readonly sequence: bigint;
	readonly head: Uint8Array;
}

const SEQUENCE = /^(0|[1-9][0-9]{0,19})$/;
const HEAD = /^[0-9a-f]{64}$/i;

/** A cursor as it was kept: as it is, or as JSON has it. @throws ClientError `option_invalid` */
export function fromCursor({ sequence, head }: Cursor | AsJson<Cursor>): Position {
	const number = typeof sequence === "string" && SEQUENCE.test(sequence) ? BigInt(sequence) : sequence;
	if (typeof number !== "bigint" || number < 0n || number >= 2n ** 64n)
		throw invalid("its sequence is neither a bigint of 64 bits nor its decimal digits");
	if (typeof head !== "string" || !HEAD.test(head)) throw invalid("its head is not 64 hex digits");
	return { sequence: number, head: fromHex(head) };
}

export const toCursor = ({ sequence, head }: Position): Cursor => withJson({ sequence, head: hex(head) });

const invalid = (reason: string) => invalidOption("after", reason);
