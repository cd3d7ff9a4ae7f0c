/** `canister-blobs init`: makes a repository. */
import { Repository } from "../../backup/index.js";
import { type Command, parsedOptions } from "../command.js";
import { holderFrom } from "../keys/holder.js";
import { HOLDER, HOLDER_HELP } from "../keys/options.js";
import { reported } from "../report.js";
import { REPOSITORY, REPOSITORY_HELP, sinkOf } from "./options.js";

const help = `Usage: canister-blobs init --repo <path> [options]

Creates an empty backup repository in an empty or new place.

      --encrypt         encrypt it with a new key. If nothing that opens the key is left,
                        the backups are lost: see canister-blobs key
${HOLDER_HELP}
${REPOSITORY_HELP}`;

export const init: Command = {
	help,
	run: async (args) => {
		const values = parsedOptions(args, {
			...REPOSITORY,
			...HOLDER,
			encrypt: { type: "boolean", default: false },
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
