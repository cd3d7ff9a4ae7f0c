/** `canister-blobs verify`: checks that every snapshot can be restored. */
import { type VerifyOptions, verify as verifyRepository } from "../../backup/index.js";
import { type Command, EXIT_FAILURE, parsedOptions, UsageError } from "../command.js";
import { CONNECTION, CONNECTION_HELP } from "../connect/options.js";
import { interruption } from "../interrupted.js";
import { reported, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { connect, openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const help = `Usage: canister-blobs verify --repo <path> [options]

Checks everything that each snapshot needs, reads the bytes, and names each blob that
could not be restored. With --canister it also compares the newest snapshot with the
roots that the store certifies. Exit code 1: something is damaged.

      --read <part>     how much is read: all (the default), none, or a part such as
                        2/7, the second of seven parts
${CONNECTION_HELP}
${REPOSITORY_HELP}`;

function partOf(text: string): NonNullable<VerifyOptions["read"]> {
	if (text === "all" || text === "none") return text;
	const [, part, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
	if (part !== undefined && Number(part) >= 1 && Number(part) <= Number(of))
		return { part: Number(part), of: Number(of) };
	throw new UsageError(`--read takes all, none or n/t such as 2/7, not ${JSON.stringify(text)}`);
}

async function run(args: readonly string[]): Promise<number> {
	const values = parsedOptions(args, {
		...REPOSITORY,
		...CONNECTION,
		read: { type: "string", default: "all" },
	});
	const read = partOf(values.read);
	return reported(values, async (report) => {
		const connection = values.canister === undefined ? undefined : await connect(values);
		const repository = await openRepository(values, false);
		let bytes = 0;
		const result = await verifyRepository(repository, {
			read,
			...(connection && { client: connection.client, canister: connection.canister }),
			signal: interruption(),
			onBytes: (more) => {
				bytes += more;
				report.progress(() => `${sizeOf(bytes)} read`);
			},
			onDamage: (damage) => report.damage(damage),
		});
		const { snapshots, objectsRead, bytesRead, damages } = result;
		return report.end(
			damages === 0 ? 0 : EXIT_FAILURE,
			result,
			`${counted(snapshots, "snapshot")}, ${counted(objectsRead, "object")} and ${sizeOf(bytesRead)} read, ${counted(damages, "damage")}` +
				(connection
					? `, ${counted(result.sameAsStore, "blob")} as in the store, ${result.changedSince} changed since`
					: ""),
		);
	});
}

export const verify: Command = { help, run };
