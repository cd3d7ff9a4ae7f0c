/** `canister-blobs link-for`: a link to a private blob, for who reads it through `canister-blobs serve`. */
import { timeOf } from "./blobs/options.js";
import { type Command, parsed, UsageError } from "./command.js";
import { SECRETS, SECRETS_HELP, secretsFrom } from "./secrets.js";

const help = `Usage: canister-blobs link-for <key> --canister <id> --until <time> [options]

Prints a link by which anybody may read a private blob from \`canister-blobs serve\`
until a certain time. It is made without asking the network.

      --canister <id>     the store
      --until <time>      when the link ends: a date as in 2026-12-31T18:00Z, or how
                          long it holds: 90s, 15m, 12h, 30d
${SECRETS_HELP}
      --base <url>        what stands before the key: the address of the server and
                          its prefix, with a slash at the end; default /
  -h, --help              show this`;

async function run(args: readonly string[]): Promise<void> {
	const { values, positionals } = parsed(args, {
		canister: { type: "string" },
		until: { type: "string" },
		base: { type: "string", default: "/" },
		...SECRETS,
	});
	const [key] = positionals;
	if (key === undefined || positionals.length > 1) throw new UsageError("link-for takes one key");
	const { canister, until, base } = values;
	if (!canister) throw new UsageError("which store? Give --canister <id>");
	if (until === undefined) throw new UsageError("link-for needs --until <time>");
	if (!base.endsWith("/")) throw new UsageError(`--base ends with a slash: ${base}/`);
	const secrets = await secretsFrom(values["link-secret"]);
	if (secrets.length === 0) throw new UsageError("link-for needs --link-secret <path>");
	// Loaded only here: a wrong command line is told at once.
	const { BlobLinks } = await import("../http/index.js");
	console.log(
		new BlobLinks({ canisterId: canister, secrets }).linkFor(key, { until: timeOf("until", until), base }),
	);
}

export const linkFor: Command = { help, run };
