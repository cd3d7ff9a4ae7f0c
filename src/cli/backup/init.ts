/** `canister-blobs init`: makes a repository. */
import { parseArgs } from "node:util";
import { Repository } from "../../backup/index.js";
import type { Command } from "../command.js";
import { REPOSITORY, REPOSITORY_HELP, sinkOf } from "./options.js";
import { reported } from "./report.js";

const help = `Usage: canister-blobs init --repo <path> [options]

Makes an empty backup repository where there is nothing.
${REPOSITORY_HELP}`;

export const init: Command = {
	help,
	run: async (args) => {
		const { values } = parseArgs({ args: [...args], options: REPOSITORY });
		const sink = sinkOf(values);
		return reported(values, async (report) => {
			const { id } = await Repository.init(sink, { singleWriter: values["single-writer"] });
			return report.end(0, { id, repository: sink.name }, `${sink.name}: repository ${id} made`);
		});
	},
};
