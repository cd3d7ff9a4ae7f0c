/** `canister-blobs repair`: restores damaged parts of a repository. */
import { dropDamagedIndexes, openedSink, repair as repairRepository } from "../../backup/index.js";
import { type Command, EXIT_FAILURE, parsedOptions } from "../command.js";
import { CONNECTION, CONNECTION_HELP } from "../connect/options.js";
import { FROM_SECRETS, FROM_SECRETS_HELP } from "../keys/options.js";
import { reported } from "../report.js";
import { counted } from "../sizes.js";
import {
	connect,
	openOther,
	openRepository,
	REPOSITORY,
	REPOSITORY_HELP,
	secretsOf,
	sinkOf,
} from "./options.js";

const help = `Usage: canister-blobs repair --repo <place> [options]

Rebuilds lost indexes, and replaces what verify found damaged: from another repository,
or from the store if it still holds the blob. Exit code 1: the output names what is
still damaged.

      --from <place>    another repository with snapshots of the store
${FROM_SECRETS_HELP}
${CONNECTION_HELP}
${REPOSITORY_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const values = parsedOptions(args, {
		...REPOSITORY,
		...CONNECTION,
		...FROM_SECRETS,
		from: { type: "string" },
	});
	return reported(values, async (report) => {
		const secrets = secretsOf(values);
		const dropped = await dropDamagedIndexes(await openedSink(await sinkOf(values), { secrets }));
		const repository = await openRepository(values, true);
		const { client } = values.canister === undefined ? {} : await connect(values);
		const from = values.from === undefined ? undefined : await openOther(values, values.from);
		const result = await repairRepository(repository, {
			...(client && { client }),
			...(from && { from }),
			onDamage: (damage) => report.damage(damage),
		});
		const { repaired, replaced, damages } = result;
		return report.end(
			damages === 0 ? 0 : EXIT_FAILURE,
			{ droppedIndexes: dropped, ...result },
			`${counted(repaired, "item")} brought back, ${counted(replaced, "object")} replaced, ${counted(damages, "damage")} left`,
		);
	});
}

export const repair: Command = { help, run };
