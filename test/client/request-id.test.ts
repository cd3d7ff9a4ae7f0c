import { requestIdOf as agentsRequestIdOf } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePorts } from "../../src/client/node/ports.js";
import { webPorts } from "../../src/client/platform/web.js";
import { type RequestMap, requestIdOf } from "../../src/client/verification/request-id.js";

const hashes = { "node:crypto": nodePorts.sha256, "WebCrypto and js-sha256": webPorts.sha256 };

describe.each(Object.entries(hashes))("request id by %s", (_name, sha256) => {
	it("is that of the interface specification's example", async () => {
		const content = {
			request_type: "call",
			sender: Uint8Array.of(4),
			ingress_expiry: 1_685_570_400_000_000_000n,
			canister_id: Uint8Array.of(0, 0, 0, 0, 0, 0, 4, 0xd2),
			method_name: "hello",
			arg: Uint8Array.of(0x44, 0x49, 0x44, 0x4c, 0, 0xfd, 0x2a),
			nonce: undefined,
		};
		expect(Buffer.from(await requestIdOf(content, sha256)).toString("hex")).toBe(
			"1d1091364d6bb8a6c16b203ee75467d59ead468f523eb058880ae8ec80e2b101",
		);
	});

	it("is none of a number that is no natural one: whoever answers a query may send any", async () => {
		for (const reject_code of [-1, -(2n ** 70n), 1.5, Number.NaN])
			await expect(requestIdOf({ reject_code }, sha256)).rejects.toThrow(RangeError);
	});

	it("is the agents', whatever the content", async () => {
		const bytes = fc.uint8Array({ maxLength: 6_000 });
		const value = fc.letrec<{ value: unknown }>((tie) => ({
			value: fc.oneof(
				{ maxDepth: 3 },
				fc.string({ unit: "grapheme" }),
				fc.bigInt({ min: 0n, max: 2n ** 70n }),
				fc.nat(),
				bytes,
				fc.array(tie("value"), { maxLength: 4 }),
				fc.uint8Array({ minLength: 1, maxLength: 29 }).map((raw) => Principal.fromUint8Array(raw)),
				fc.constant(undefined),
				fc.dictionary(fc.string({ minLength: 1 }), tie("value"), { maxKeys: 4 }),
			),
		})).value;
		const content = fc.dictionary(
			fc.string({ minLength: 1 }),
			value.filter((each) => !hasUndefinedElement(each)),
			{ maxKeys: 8 },
		);
		await fc.assert(
			fc.asyncProperty(content, async (map) => {
				expect(await requestIdOf(map as RequestMap, sha256)).toEqual(agentsRequestIdOf(map));
			}),
			{ numRuns: 200 },
		);
	});
});

/** An element of an array cannot be absent, only a field can. */
function hasUndefinedElement(value: unknown): boolean {
	if (Array.isArray(value)) return value.some((each) => each === undefined || hasUndefinedElement(each));
	if (typeof value !== "object" || value === null || value instanceof Uint8Array || "_isPrincipal" in value)
		return false;
	return Object.values(value).some(hasUndefinedElement);
}
