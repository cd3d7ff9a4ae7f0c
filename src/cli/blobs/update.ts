/** `canister-blobs update`: changes the manifest of a blob, without its bytes. */
import type { UpdateOptions } from "../../client/node/index.js";
import { type Command, parsed, UsageError } from "../command.js";
import { reported, shownKey } from "../report.js";
import { mediaTypeOf, openStore, pairsOf, STORE, STORE_HELP, timeOf } from "./options.js";

const help = `Usage: canister-blobs update <key> --canister <id> [options]

Changes the type, visibility, metadata or expiry of a blob without sending its bytes.
Whatever you do not name stays as it is.

      --type <type>       media type, such as image/png
      --public            every caller may read it
      --private           only its owner, and principals with the role reader or a grant
      --metadata <n>=<v>  add or change an entry; may be given several times
      --remove-metadata <n>
                          remove an entry; may be given several times
      --replace-metadata  remove all entries that --metadata does not name
      --expires <time>    when it expires: 2026-12-31T18:00Z, 12h, 30d, or never
${STORE_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, {
		...STORE,
		type: { type: "string" },
		public: { type: "boolean", default: false },
		private: { type: "boolean", default: false },
		metadata: { type: "string", multiple: true },
		"remove-metadata": { type: "string", multiple: true },
		"replace-metadata": { type: "boolean", default: false },
		expires: { type: "string" },
	});
	const [key, second] = positionals;
	if (key === undefined || second !== undefined) throw new UsageError("update takes one key");
	if (values.public && values.private) throw new UsageError("give --public or --private, not both");
	const removed = values["remove-metadata"] ?? [];
	const isReplaced = values["replace-metadata"];
	if (isReplaced && removed.length > 0)
		throw new UsageError("--replace-metadata removes every other entry: leave --remove-metadata out");
	const given = pairsOf("metadata", values.metadata);
	const merged = { ...given, ...Object.fromEntries(removed.map((name) => [name, null])) };
	const both = removed.find((name) => given !== undefined && Object.hasOwn(given, name));
	if (both !== undefined)
		throw new UsageError(
			`--metadata sets ${JSON.stringify(both)} and --remove-metadata removes it: give one`,
		);
	const { expires } = values;
	const type = mediaTypeOf(values.type);
	const options: UpdateOptions = {
		...(type !== undefined && { contentType: type }),
		...((values.public || values.private) && { visibility: values.public ? "public" : "private" }),
		...(isReplaced && { replaceMetadata: given ?? {} }),
		...(!isReplaced && Object.keys(merged).length > 0 && { mergeMetadata: merged }),
		...(expires !== undefined && { expiresAt: expires === "never" ? "never" : timeOf("expires", expires) }),
	};
	if (Object.keys(options).length === 0)
		throw new UsageError("nothing to change: give --type, --public, --private, --metadata or --expires");
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		const manifest = await client.update(key, options);
		return report.end(0, { ...manifest }, `updated ${shownKey(key)}`);
	});
}

export const update: Command = { help, run };
