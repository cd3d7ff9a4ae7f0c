/** `canister-blobs serve`: a store's blobs over HTTP, each byte verified. */
import type { Command } from "./command.js";
import { CONNECTION_HELP } from "./connect/options.js";
import { KEY_SECRETS_HELP, KEYS_HELP } from "./keys/options.js";
import { SECRETS_HELP } from "./secrets.js";

const help = `Usage: canister-blobs serve --canister <id> [options]

Serves the blobs of a store over HTTP until it is interrupted: GET and HEAD of
/<key>, with ranges and conditions. Each byte is verified before it is sent.
Prints a line of JSON for each request.
${CONNECTION_HELP}
  -l, --listen <address>  host and port; default 127.0.0.1:8080, port 0 takes a free one
      --admin <address>   where /metrics (Prometheus) and /healthz are; default nowhere
      --prefix <path>     what stands before the key; default /
${SECRETS_HELP}.
                          With it and an identity, private blobs are served to who
                          has a link: see canister-blobs link-for
${KEYS_HELP}
${KEY_SECRETS_HELP}
      --cache <path>      a directory in which chunks are kept
      --cache-size <n>    bytes of it; default 10GiB
      --cache-private     keep chunks of private blobs there, too
      --cache-control <v> the header, for public blobs whose metadata name none;
                          default "public, max-age=0, must-revalidate"
      --fresh <seconds>   how long what a key holds is not asked for again; default 1
      --cors <origin>     whose pages may read the answers; * for all
      --site              let HTML, SVG and XML run scripts
      --memory <n>        bytes of chunks in memory; default 128MiB
      --max-readers <n>   bodies under way at a time; default 1000
      --max-connections <n>  default 4096
      --grace <seconds>   how long answers under way may take after SIGTERM; default 30
  -h, --help              show this`;

export const serve: Command = {
	help,
	// Loaded only here: a build that links canisters runs this program many times.
	run: async (args) => (await import("./serving.js")).runServer(args),
};
