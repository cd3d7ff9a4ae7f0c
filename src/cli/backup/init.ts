/** `canister-blobs init`: makes a repository. */
import { parseArgs } from "node:util";
import { Repository } from "../../backup/index.js";
import type { Command } from "../command.js";
import { holderFrom } from "../keys/holder.js";
import { HOLDER, HOLDER_HELP } from "../keys/options.js";
import { reported } from "../report.js";
import { REPOSITORY, REPOSITORY_HELP, sinkOf } from "./options.js";

const help = `Usage: canister-blobs init --repo <path> [options]

Makes an empty backup repository where there is nothing.

      --encrypt         encrypt it with a new key. Who loses all that opens the key has
                        lost the backups: see canister-blobs key
${HOLDER_HELP}
${REPOSITORY_HELP}`;

export const init: Command = {
	help,
	run: async (args) => {
		const { values } = parseArgs({
			args: [...args],
			options: { ...REPOSITORY, ...HOLDER, encrypt: { type: "boolean", default: false } },
		});
		const sink = await sinkOf(values);
		return reported(values, async (report) => {
			const { id, masterKey } = await Repository.init(sink, {
				singleWriter: values["single-writer"],
				...(values.encrypt && { encryptFor: await holderFrom(values) }),
			});
			const said = masterKey ? `, encrypted with the master key ${masterKey.id}` : "";
			const event = { id, repository: sink.name, ...(masterKey && { masterKey: masterKey.id }) };
			return report.end(0, event, `${sink.name}: repository ${id} made${said}`);
		});
	},
};
