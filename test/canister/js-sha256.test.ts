import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { jsSha256 } from "../../src/canister/js-sha256.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";

test("SHA-256 in JavaScript equals node:crypto's at every length to 300 and around a chunk's", () => {
	const lengths = [...Array(301).keys(), MAX_CHUNK_BYTES - 1, MAX_CHUNK_BYTES, MAX_CHUNK_BYTES + 1];
	for (const length of lengths) {
		const bytes = new Uint8Array(randomBytes(length + 3)).subarray(3);
		const expected = createHash("sha256").update(bytes).digest();
		expect(Buffer.compare(jsSha256(bytes), expected), `${length} bytes`).toBe(0);
	}
});
