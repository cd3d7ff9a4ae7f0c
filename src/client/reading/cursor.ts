import { ClientError } from "../errors.js";
import type { Cursor } from "../types.js";
import type { AsJson } from "../util/json.js";

const HEAD_BYTES = 32;
const SEQUENCE = /^(0|[1-9][0-9]{0,19})$/;
const HEAD = /^[0-9a-f]{64}$/i;

/** A cursor as it was kept: as it is, or as JSON has it. @throws ClientError `option_invalid` */
export function toCursor({ sequence, head }: Cursor | AsJson<Cursor>): Cursor {
	const number = typeof sequence === "string" && SEQUENCE.test(sequence) ? BigInt(sequence) : sequence;
	const bytes = typeof head === "string" && HEAD.test(head) ? fromHex(head) : head;
	if (typeof number !== "bigint" || number < 0n || number >= 2n ** 64n)
		throw invalid("its sequence is neither a bigint of 64 bits nor its decimal digits");
	if (!(bytes instanceof Uint8Array) || bytes.length !== HEAD_BYTES)
		throw invalid(`its head is neither ${HEAD_BYTES} bytes nor their hex digits`);
	return { sequence: number, head: bytes };
}

const fromHex = (digits: string): Uint8Array =>
	Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
		Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
	);

const invalid = (reason: string) => new ClientError("option_invalid", { option: "after", reason });
