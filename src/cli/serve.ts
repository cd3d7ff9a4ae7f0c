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
      --admin <address>   address of /metrics (Prometheus) and /healthz; default: none
      --prefix <path>     path before the key; default /
${SECRETS_HELP}.
                          With it and an identity, private blobs are served to
                          readers with a link: see canister-blobs link-for
${KEYS_HELP}
${KEY_SECRETS_HELP}
      --cache <path>      directory for a cache of chunks; default: no cache
      --cache-size <n>    size of the cache in bytes; default 10GiB
      --cache-private     cache chunks of private blobs, too
      --cache-control <v> Cache-Control of public blobs whose metadata does not set it;
                          default "public, max-age=0, must-revalidate"
      --fresh <seconds>   how long the proven content of a key is reused; default 1
      --cors <origin>     origin whose pages may read the responses; * for all
      --site              allow HTML, SVG and XML to run scripts
      --memory <n>        maximum size of chunks in memory; default 128MiB
      --max-readers <n>   maximum number of concurrent responses; default 1000
      --max-connections <n>  maximum number of connections; default 4096
      --grace <seconds>   time for open responses to end after SIGTERM; default 30
  -h, --help              show this`;

export const serve: Command = {
	help,
	// Loaded only here: a build that links canisters runs this program many times.
	run: async (args) => (await import("./serving.js")).runServer(args),
};
