import { expect, test } from "vitest";
import { soak } from "./soak.js";

/** A short soak with fixed histories; `npm run test:soak` uses random ones. */

test.each([4, 7])(
	"backups of a store with faults, kills and upgrades are what they must be (seed %i)",
	async (seed) => {
		const counts = await soak({ seed, steps: 60 });
		for (const [what, count] of Object.entries(counts))
			if (what !== "full") expect(count, what).toBeGreaterThan(0);
	},
);
