import { expect, test } from "vitest";
import { forget, type KeepRules, keptBy, Repository, type SnapshotSummary } from "../../src/backup/index.js";
import { MemorySink } from "./support/sinks.js";

/** Which snapshots each rule keeps. Times are in UTC; 2026-11-30 is a Monday. */

const STORE = "aaaaa-aa";
let made = 0;
const snapshot = (
	at: string,
	{ tags = [], canister = STORE }: Partial<SnapshotSummary> = {},
): SnapshotSummary => ({
	id: (++made).toString(16).padStart(64, "0"),
	canister,
	at: new Date(at).toISOString(),
	tags,
	...{ blobs: 1, bytes: 1, sequence: "1", missing: 0 },
});

const SNAPSHOTS = [
	snapshot("2024-12-31T23:59Z"),
	snapshot("2025-01-01T00:00Z", { tags: ["release"] }),
	snapshot("2025-12-31T12:00Z"),
	snapshot("2026-10-31T10:00Z", { tags: ["audit", "kept"] }),
	snapshot("2026-11-29T23:00Z"),
	snapshot("2026-11-30T00:00Z"),
	snapshot("2026-11-30T08:00Z"),
	snapshot("2026-11-30T08:59:59.999Z"),
	snapshot("2026-11-30T09:00Z"),
];
const LAST = ["11-30T09:00"];

const keptWith = (rules: KeepRules, snapshots = SNAPSHOTS) => {
	const kept = keptBy(rules, snapshots);
	return snapshots
		.filter((each) => kept.has(each))
		.map(({ at }) => at.slice(at.startsWith("2026") ? 5 : 0, 16));
};

test.each<[string, KeepRules, readonly string[]]>([
	["the newest one", { last: 1 }, LAST],
	["the newest three", { last: 3 }, ["11-30T08:00", "11-30T08:59", ...LAST]],
	[
		"more than there are",
		{ last: 100 },
		SNAPSHOTS.map(({ at }) => at.slice(at.startsWith("2026") ? 5 : 0, 16)),
	],
	["of two hours the newest of each", { hourly: 2 }, ["11-30T08:59", ...LAST]],
	[
		"of hours without snapshots none, which do not count",
		{ hourly: 4 },
		["11-29T23:00", "11-30T00:00", "11-30T08:59", ...LAST],
	],
	["of two days", { daily: 2 }, ["11-29T23:00", ...LAST]],
	["of two weeks, which begin on Monday", { weekly: 2 }, ["11-29T23:00", ...LAST]],
	["of two months", { monthly: 2 }, ["10-31T10:00", ...LAST]],
	["of three years", { yearly: 3 }, ["2024-12-31T23:59", "2025-12-31T12:00", ...LAST]],
	[
		"those that are so much older than the newest at the most",
		{ withinMs: 3_600_000 },
		["11-30T08:00", "11-30T08:59", ...LAST],
	],
	["and not one that is a millisecond older", { withinMs: 3_599_999 }, ["11-30T08:59", ...LAST]],
	["those with a tag", { tags: ["audit", "release"] }, ["2025-01-01T00:00", "10-31T10:00"]],
	["with no tag that there is, none", { tags: ["audi"] }, []],
	[
		"what any rule keeps",
		{ last: 1, tags: ["release"], monthly: 2 },
		["2025-01-01T00:00", "10-31T10:00", ...LAST],
	],
])("%s", (_, rules, expected) => {
	expect(keptWith(rules)).toEqual(expected);
	// In whatever order they are given.
	expect(keptWith(rules, [...SNAPSHOTS].reverse()).reverse()).toEqual(expected);
});

test("each store for itself", () => {
	const other = snapshot("2026-11-01T00:00Z", { canister: "2vxsx-fae" });
	expect(keptBy({ last: 1 }, [...SNAPSHOTS, other])).toEqual(new Set([SNAPSHOTS.at(-1), other]));
});

test("forget forgets what no rule keeps, of one store where it is named; a dry run says so and changes nothing", async () => {
	const other = snapshot("2020-01-01T00:00Z", { canister: "2vxsx-fae" });
	const repository = await Repository.init(new MemorySink());
	await repository.generations.commit("test", () => ({ snapshots: [other, ...SNAPSHOTS] }));
	const asked = { keep: { yearly: 2 }, canister: STORE };
	const planned = await forget(repository, { ...asked, dryRun: true });
	expect(planned.kept.map(({ at }) => at.slice(0, 10))).toEqual(["2025-12-31", "2026-11-30"]);
	expect(await repository.snapshots()).toHaveLength(10);
	expect(await forget(repository, asked)).toEqual(planned);
	expect((await repository.snapshots()).map(({ id }) => id)).toEqual(
		[other, ...planned.kept].map(({ id }) => id),
	);
	for (const keep of [{}, { last: 0 }, { tags: [] }])
		await expect(forget(repository, { keep })).rejects.toMatchObject({ code: "option_invalid" });
	expect(await repository.snapshots()).toHaveLength(3);
});
