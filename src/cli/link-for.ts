/** `canister-blobs link-for`: makes a link to a private blob, for readers of `canister-blobs serve`. */
import { timeOf } from "./blobs/options.js";
import { type Command, parsed, UsageError } from "./command.js";
import { SECRETS, SECRETS_HELP, secretsFrom } from "./secrets.js";

const help = `Usage: canister-blobs link-for <key> --canister <id> --until <time> [options]

Prints a link to a private blob: everyone with the link can read the blob from
\`canister-blobs serve\` until the link expires. Needs no network.

      --canister <id>     the store
      --until <time>      when the link expires: a date such as 2026-12-31T18:00Z, or
                          a duration: 90s, 15m, 12h, 30d
${SECRETS_HELP}
      --base <url>        URL of the server with its prefix, with a slash at the end;
                          default /
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
	// Loaded only here, so that a wrong command line is reported at once.
	const { BlobLinks } = await import("../http/index.js");
	console.log(
		new BlobLinks({ canisterId: canister, secrets }).linkFor(key, { until: timeOf("until", until), base }),
	);
}

export const linkFor: Command = { help, run };
