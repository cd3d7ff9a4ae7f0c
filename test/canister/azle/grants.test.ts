import { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import { bytesOf, fromGrantTerms } from "../../../src/canister/azle/grants.js";

/**
 * Untyped arguments of `Store.grant`, `revokeGrant`, `grantsOf` and `ruleChanged` from an application in JavaScript.
 */

const ANNA = Principal.fromUint8Array(Uint8Array.of(1, 2));

describe("who", () => {
	test("is a principal of any package", () => {
		expect(bytesOf(ANNA)).toEqual(Uint8Array.of(1, 2));
		expect(bytesOf({ toUint8Array: () => new Uint8Array(29) } as never)).toHaveLength(29);
	});

	test.each([
		undefined,
		null,
		5,
		"aaaaa-aa",
		{},
		{ toUint8Array: () => "aa" },
		{ toUint8Array: () => new Uint8Array(30) },
	])("is refused as a RangeError: %o", (who) => {
		expect(() => bytesOf(who as never)).toThrow(RangeError);
	});
});

test.each([
	undefined,
	null,
	5,
	{ prefix: "a/" },
	{ role: "admin", prefix: "a/" },
	{ role: "writer", prefix: "a/", endsAt: "tomorrow" },
	{ role: "writer", prefix: "a/", endsAt: new Date(Number.NaN) },
	{ role: "writer", prefix: "a/", bytes: 1.5 },
	{ role: "writer" },
	{ role: "writer", prefix: 5 },
	{ role: "writer", prefix: "a/", mayGive: "yes" },
])("terms that are none are refused as a RangeError: %o", (terms) => {
	expect(() => fromGrantTerms(terms as never)).toThrow(RangeError);
});
