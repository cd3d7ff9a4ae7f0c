import fc from "fast-check";
import type { MethodArgs, MethodName, WirePrecondition } from "../../../../src/protocol/index.js";
import { CANISTER_VERSION, type Model, PRINCIPALS, S } from "./model.js";

/** What commands are drawn from. */

export type Call = {
	[Name in MethodName]: { who: number; method: Name; args: MethodArgs<Name> };
}[MethodName];

export type Command =
	| { do: "call"; make: (model: Model) => Call }
	/** The call before the last `back` ones once more, just as it was. */
	| { do: "again"; back: number }
	| { do: "restart" }
	| { do: "clean"; later: number }
	| { do: "wait"; later: number };

export const DAY_MS = 86_400_000;
export const KEYS = ["a", "a/b", "a/c/d", "b"];

const idOf = (n: number) => new Uint8Array(16).fill(n);
/** Ids are few, so that they meet; mostly each kind of change keeps to some of its own. */
export const id = (from: number, to: number) =>
	fc
		.oneof(
			{ weight: 12, arbitrary: fc.integer({ min: from, max: to }) },
			{ weight: 1, arbitrary: fc.nat(30) },
		)
		.map(idOf);
export const uploadId = id(0, 1);
export const changeId = id(2, 25);
export const who = fc.oneof(
	{ weight: 5, arbitrary: fc.constant(0) },
	{ weight: 5, arbitrary: fc.constant(1) },
	{ weight: 3, arbitrary: fc.constant(2) },
	{ weight: 2, arbitrary: fc.constant(3) },
	{ weight: 1, arbitrary: fc.constant(4) },
);
export const admin = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: who });
export const key = fc.constantFrom(...KEYS);
export const visibility = fc.constantFrom({ public: null }, { private: null });
export const bytesOf = (fill: number, length: number) => new Uint8Array(length).fill(fill);
export const fill = fc.nat(2);
/** Mostly what there is: 0 leaves who, id and key as they were drawn, more chooses among what is open or held. */
export const pick = fc.nat(6);
export interface Named {
	who: number;
	id: Uint8Array;
	pick: number;
}
export function upload<Parts extends Named>(model: Model, parts: Parts): Parts {
	const open = [...model.uploads.keys()];
	if (parts.pick === 0 || open.length === 0) return parts;
	const [who, id] = open[parts.pick % open.length]!.split("/") as [string, string];
	return { ...parts, who: Number(who), id: new Uint8Array(Buffer.from(id, "hex")) };
}
/** A key that holds something, and, every other time, its owner for a caller. */
export function blob<Parts extends Named>(model: Model, parts: Parts, key: string): Parts & { key: string } {
	const held = [...model.blobs.values()];
	if (parts.pick === 0 || held.length === 0) return { ...parts, key };
	const { manifest, owner } = held[parts.pick % held.length]!;
	return { ...parts, key: manifest.key, who: parts.pick % 2 === 0 ? parts.who : owner };
}
export const principal = fc.constantFrom(...PRINCIPALS.slice(1, 4));
export const condition = fc.oneof(
	{ weight: 6, arbitrary: fc.constant("none" as const) },
	{ weight: 1, arbitrary: fc.constantFrom("absent" as const, "current" as const, "stale" as const) },
);

export function preconditionOf(model: Model, of: string, wanted: "none" | "absent" | "current" | "stale") {
	const sequence = model.blobs.get(of)?.manifest.sequence ?? 0n;
	if (wanted === "none") return { none: null };
	if (wanted === "absent") return { absent: null };
	return {
		version: {
			sequence: wanted === "current" ? sequence : sequence + 1n,
			canister_version: CANISTER_VERSION,
		},
	} as WirePrecondition;
}

/** When a blob ends, in milliseconds from then on; mostly it does not. */
export const endsIn = fc.oneof(
	{ weight: 6, arbitrary: fc.constant(null) },
	{ weight: 3, arbitrary: fc.constantFrom(60_000, 60_000, 20 * 60_000, DAY_MS) },
	{ weight: 1, arbitrary: fc.constant(0) },
);
export const endOf = (model: Model, later: number | null): [] | [bigint] =>
	later === null ? [] : [BigInt(model.now + later) * 1_000_000n];

export const opt = <T>(value: T | null): [] | [T] => (value === null ? [] : [value]);

/** A command of these parts. */
export const command = <Parts>(
	weight: number,
	parts: { [Name in keyof Parts]: fc.Arbitrary<Parts[Name]> },
	make: (parts: Parts, model: Model) => Call,
) => ({
	weight,
	arbitrary: fc
		.record(parts)
		.map((chosen): Command => ({ do: "call", make: (model) => make(chosen as Parts, model) })),
});

export const whole = { key, fill, length: fc.constantFrom(0, 1, 100, S), visibility, condition, endsIn };
