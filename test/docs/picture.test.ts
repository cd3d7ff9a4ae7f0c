import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("the picture in README.md is what its script draws, and no page loads anything for it", () => {
	const drawn = execFileSync(
		process.execPath,
		[
			"--input-type=module",
			"-e",
			'import { picture } from "./scripts/picture.mjs"; process.stdout.write(picture())',
		],
		{ cwd: root, encoding: "utf8" },
	);
	const kept = readFileSync(join(root, "docs/main-job.svg"), "utf8");
	expect(kept, "node scripts/picture.mjs").toBe(drawn);
	expect(kept).not.toMatch(/<(?:script|image|use)|href=/);
	expect(readFileSync(join(root, "README.md"), "utf8")).toContain("docs/main-job.svg");
});
