/** `canister-blobs snapshots`: lists snapshots, and checks the age of the newest. */
import { type Command, parsedOptions } from "../command.js";
import { EXIT_INCOMPLETE, reported, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { durationOf, openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const help = `Usage: canister-blobs snapshots --repo <path> [options]

Lists snapshots, oldest first.

      --canister <id>   only snapshots of this store
      --tag <word>      only snapshots with this tag
      --max-age <time>  for monitoring: exit with 3 if the newest is older than this,
                        such as 26h or 8d, or if there is none
${REPOSITORY_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const values = parsedOptions(args, {
		...REPOSITORY,
		canister: { type: "string" },
		tag: { type: "string" },
		"max-age": { type: "string" },
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
				`${id.slice(0, 8)}  ${at.slice(0, 19)}Z  ${canister}  ${counted(blobs, "blob")}  ${sizeOf(bytes)}${words.join("")}`,
			);
		}
		const newest = found.at(-1);
		const ageMs = newest && Date.now() - Date.parse(newest.at);
		const isLate = maxAgeMs !== undefined && (ageMs === undefined || ageMs > maxAgeMs);
		const health =
			ageMs === undefined
				? "no snapshot"
				: `${counted(found.length, "snapshot")}, the newest ${(ageMs / 3_600_000).toFixed(1)} h old`;
		if (isLate) report.loss({ type: "late", ageMs, maxAgeMs }, `${health}: over ${values["max-age"]}`);
		return report.end(isLate ? EXIT_INCOMPLETE : 0, { count: found.length, ageMs }, health);
	});
}

export const snapshots: Command = { help, run };
