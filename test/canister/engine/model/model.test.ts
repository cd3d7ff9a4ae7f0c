import fc from "fast-check";
import { expect, test } from "vitest";
import { METHODS } from "../../../../src/protocol/index.js";
import { commands } from "./commands.js";
import { EXPECTED } from "./expectation.js";
import { World } from "./world.js";

/**
 * The engine against a model that anybody can read: random histories of every update by several principals, with
 * restarts (upgrades) and cleaning between, and a clock that moves on.
 */

test("C31 C33 C55 random histories of every update, restarts and cleaning between, leave what the model says", () => {
	fc.assert(
		fc.property(commands, (history) => {
			const world = new World();
			for (const command of history) world.run(command);
			world.replay();
			world.settle();
			world.replay();
		}),
		{ numRuns: 80 },
	);
	const rare = EXPECTED.filter((method) => (World.happened.get(`${method} done`) ?? 0) < 10);
	expect(rare, "updates that were hardly ever done").toEqual([]);
	const missing = [
		"blobs_begin_upload quota_exceeded",
		"blobs_put_chunk quota_exceeded",
		"blobs_put_blob not_live",
		"blobs_set_mode mode_changed",
		"blobs_delete upload_conflict",
		"blobs_commit_upload root_mismatch",
		"blobs_commit_upload missing_chunks",
		"blobs_commit_upload precondition_failed",
		"again blobs_commit_upload done",
		"again blobs_copy done",
		"again blobs_put_many done",
		"again blobs_set_mode done",
		"upload expired",
	].filter((what) => !World.happened.has(what));
	expect(missing, "what never happened").toEqual([]);
});

test("the model knows every update", () => {
	const updates = Object.entries(METHODS).filter(([, { kind }]) => kind === "update");
	expect(EXPECTED.sort()).toEqual(updates.map(([name]) => name).sort());
});
