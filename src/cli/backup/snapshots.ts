/** `canister-blobs snapshots`: which there are, and whether the newest is young enough. */
import { parseArgs } from "node:util";
import type { Command } from "../command.js";
import { EXIT_INCOMPLETE, reported, sizeOf } from "../report.js";
import { durationOf, openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const help = `Usage: canister-blobs snapshots --repo <path> [options]

Lists snapshots, the oldest first.

      --canister <id>   only those of this store
      --tag <word>      only those with this tag
      --max-age <time>  exit code 3 where the newest is older, or there is none, such
                        as 26h or 8d: for monitoring
${REPOSITORY_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const { values } = parseArgs({
		args: [...args],
		options: {
			...REPOSITORY,
			canister: { type: "string" },
			tag: { type: "string" },
			"max-age": { type: "string" },
		},
	});
	const maxAgeMs = durationOf("max-age", values["max-age"]);
	return reported(values, async (report) => {
		const repository = await openRepository(values, false);
		const found = (await repository.snapshots()).filter(
			({ canister, tags }) =>
				(values.canister === undefined || canister === values.canister) &&
				(values.tag === undefined || tags.includes(values.tag)),
		);
		for (const snapshot of found) {
			const { id, at, canister, blobs, bytes, missing, tags } = snapshot;
			const words = [...tags, ...(missing > 0 ? [`${missing} missing`] : [])].map(
				(tag) => ` ${JSON.stringify(tag)}`,
			);
			report.item(
				{ type: "snapshot", ...snapshot },
				`${id.slice(0, 8)}  ${at.slice(0, 19)}Z  ${canister}  ${blobs} blobs  ${sizeOf(bytes)}${words.join("")}`,
			);
		}
		const newest = found.at(-1);
		const ageMs = newest && Date.now() - Date.parse(newest.at);
		const isLate = maxAgeMs !== undefined && (ageMs === undefined || ageMs > maxAgeMs);
		const health =
			ageMs === undefined
				? "no snapshot"
				: `${found.length} snapshots, the newest ${(ageMs / 3_600_000).toFixed(1)} h old`;
		if (isLate) report.loss({ type: "late", ageMs, maxAgeMs }, `${health}: over ${values["max-age"]}`);
		return report.end(isLate ? EXIT_INCOMPLETE : 0, { count: found.length, ageMs }, health);
	});
}

export const snapshots: Command = { help, run };
