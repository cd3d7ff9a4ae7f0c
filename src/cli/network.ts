/** `canister-blobs network`: a local network in a process of its own. */
import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { type BlockRecord, createNetwork, type NetworkOptions } from "../localnet/index.js";
import { type Command, UsageError } from "./command.js";
import { interrupted } from "./interrupted.js";

const help = `Usage: canister-blobs network [options]

Runs a local Internet Computer network until it is interrupted. Prints its URL and
its root key (DER, hexadecimal) once it answers requests; what canisters print goes
to stderr. It keeps nothing: with the process its canisters are gone.

  -p, --port <n>      TCP port on 127.0.0.1; 0, the default, takes a free one
      --profile <p>   conditions by name: mainnet, slow-uplink, lossy, throttled.
                      Without: as fast as can be
      --seed <text>   the same keys, canister ids and luck each time
      --free          charge no cycles, as a cloud engine does
      --metering      count instructions and enforce their limits
      --blocks <path> write a line of JSON for each block: its height, its time and
                      the messages it took
  -h, --help          show this`;

function portOf(text: string): number {
	const port = Number(text);
	if (/^\d+$/.test(text) && port <= 65_535) return port;
	throw new UsageError(`--port takes a number up to 65535, not ${text}`);
}

const line = (block: BlockRecord): string => `${JSON.stringify({ ...block, time: String(block.time) })}\n`;

async function start(options: NetworkOptions) {
	try {
		return await createNetwork(options);
	} catch (error) {
		// A profile that there is not.
		if (error instanceof RangeError) throw new UsageError(error.message);
		throw error;
	}
}

async function run(args: readonly string[]): Promise<void> {
	const { values } = parseArgs({
		args: [...args],
		options: {
			port: { type: "string", short: "p", default: "0" },
			profile: { type: "string" },
			seed: { type: "string" },
			free: { type: "boolean", default: false },
			metering: { type: "boolean", default: false },
			blocks: { type: "string" },
		},
	});
	const end = interrupted();
	const { profile, seed, metering, blocks, free } = values;
	const port = portOf(values.port);
	const file = blocks === undefined ? undefined : openSync(blocks, "w");
	try {
		await using network = await start({
			port,
			metering,
			costSchedule: free ? "free" : "normal",
			log: (canister, text) => console.error(`${canister}: ${text}`),
			...(profile !== undefined && { conditions: profile as NonNullable<NetworkOptions["conditions"]> }),
			...(seed !== undefined && { seed }),
			...(file !== undefined && { onBlock: (block: BlockRecord) => void writeSync(file, line(block)) }),
		});
		console.log(`url: ${network.url}\nroot key: ${Buffer.from(network.rootKey).toString("hex")}`);
		await end;
	} finally {
		if (file !== undefined) closeSync(file);
	}
}

export const network: Command = {
	help,
	run,
};
