import { expect, test } from "vitest";
import { part } from "../../src/client/util/part.js";

test("a part is loaded once, and again where that failed", async () => {
	let loads = 0;
	const loaded = part(async () => {
		if (++loads === 1) throw new TypeError("Failed to fetch dynamically imported module");
		return { loads };
	});
	await expect(loaded()).rejects.toMatchObject({
		code: "part_not_loaded",
		details: { reason: expect.stringContaining("Failed to fetch") },
	});
	expect(await Promise.all([loaded(), loaded()])).toEqual([{ loads: 2 }, { loads: 2 }]);
	expect(await loaded()).toEqual({ loads: 2 });
	expect(loads).toBe(2);
});
