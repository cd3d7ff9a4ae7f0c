/** `canister-blobs network`: a local network in a process of its own. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { type BlockRecord, createNetwork, type Network, type NetworkOptions } from "../localnet/index.js";
import { isInBackground, logEnd, startInBackground, stop } from "./background.js";
import { type Command, parsedOptions, UsageError } from "./command.js";
import { type InstalledCanister, note, type RunningNetwork } from "./connect/running.js";
import { writingToSync } from "./disk.js";
import { interrupted } from "./interrupted.js";

const help = `Usage: canister-blobs network [options]

Runs a local Internet Computer network until it is interrupted. Prints its URL and
its root key (DER, hexadecimal) once it accepts requests; the output of canisters goes
to stderr. It stores nothing: its canisters end with the process. The root key is the
same at each start, and so are the ids of canisters that are created in the same
order. While it runs, .canister-blobs/network.json in the current folder contains its
address: other commands there, and in folders below, find it with --network local.

  -p, --port <n>      TCP port on 127.0.0.1; 0, the default, takes a free one
      --profile <p>   conditions by name: mainnet, slow-uplink, lossy, throttled.
                      Default: no delays and no losses
      --install <wasm>
                      create a canister with 100 T cycles, install this file into it,
                      and print its id; needs --controller; may be given more than
                      once. Other commands know it by the name of the file, and need
                      no --canister if it is the only one
      --controller <principal>
                      controller of the installed canisters: the principal that
                      canister-blobs whoami prints; may be given more than once
      --seed <text>   seed of keys, randomness and random conditions; the same text
                      gives the same ones again
      --background    return when it answers requests; it runs until --stop. What it
                      prints later goes into .canister-blobs/network.log, and when
                      and why it ended
      --stop          end the network that runs in this folder; takes no other option
      --json          print one line of JSON: url, rootKey and the ids of canisters
      --free          charge no cycles, as a cloud engine does
      --metering      count instructions and enforce their limits
      --blocks <path> write a line of JSON for each block: its height, its time and
                      the messages it took
  -h, --help          show this`;

/** Public: the operator of a local network controls it even without its keys. */
const SEED = "canister-blobs network";

function portOf(text: string): number {
	const port = Number(text);
	if (/^\d+$/.test(text) && port <= 65_535) return port;
	throw new UsageError(`--port takes a number up to 65535, not ${text}`);
}

function wasmAt(path: string): Uint8Array {
	try {
		return readFileSync(path);
	} catch (cause) {
		throw new UsageError(`cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
	}
}

const line = (block: BlockRecord): string => `${JSON.stringify({ ...block, time: String(block.time) })}\n`;

async function start(options: NetworkOptions) {
	try {
		return await createNetwork(options);
	} catch (error) {
		// A profile that there is not.
		if (error instanceof RangeError) throw new UsageError(error.message);
		if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
			throw new Error(
				`port ${options.port} is taken, perhaps by another local network: end that, or give --port 0`,
				{
					cause: error,
				},
			);
		throw error;
	}
}

async function installed(
	network: Network,
	wasm: Uint8Array,
	controllers: readonly string[],
): Promise<string> {
	try {
		return await network.install(wasm, { controllers });
	} catch (error) {
		// A principal that there is not.
		if (error instanceof RangeError) throw new UsageError(error.message);
		throw error;
	}
}

/** Output of a network that accepts requests. */
function shown({ url, rootKey, canisters }: RunningNetwork, json: boolean): string {
	if (json) return JSON.stringify({ url, rootKey, canisters: canisters.map(({ id }) => id) });
	const used = canisters.map(({ name, id }) => `canister: ${id}\nuse: --network local --canister ${name}`);
	return [`url: ${url}`, `root key: ${rootKey}`, ...used].join("\n");
}

/** If the folder is not writable, the network runs without a note. */
function noted(network: RunningNetwork): () => void {
	try {
		return note(process.cwd(), network);
	} catch (error) {
		console.error(`--network local will not find this network: ${(error as Error).message}`);
		return () => {};
	}
}

async function run(args: readonly string[]): Promise<void> {
	const values = parsedOptions(args, {
		port: { type: "string", short: "p", default: "0" },
		profile: { type: "string" },
		install: { type: "string", multiple: true, default: [] },
		controller: { type: "string", multiple: true, default: [] },
		seed: { type: "string", default: SEED },
		json: { type: "boolean", default: false },
		free: { type: "boolean", default: false },
		metering: { type: "boolean", default: false },
		blocks: { type: "string" },
		background: { type: "boolean", default: false },
		stop: { type: "boolean", default: false },
	});
	if (values.stop) {
		if (args.some((arg) => arg !== "--stop")) throw new UsageError("--stop takes no other option");
		return stop();
	}
	const { profile, seed, metering, blocks, free, install, controller: controllers, json } = values;
	const port = portOf(values.port);
	if (install.length > 0 !== controllers.length > 0)
		throw new UsageError("--install and --controller go together: who is to manage what is installed?");
	const wasms = install.map(wasmAt);
	if (values.background) return console.log(shown(await startInBackground(args), json));
	logEnd();
	const end = interrupted(isInBackground() ? ["SIGINT", "SIGTERM"] : undefined);
	const file = blocks === undefined ? undefined : openSync(blocks, "w");
	let isWriting = file !== undefined;
	const write = (block: BlockRecord) => {
		if (!isWriting) return;
		try {
			writingToSync(blocks!, () => writeSync(file!, line(block)));
		} catch (error) {
			// The network itself can go on.
			isWriting = false;
			console.error(`--blocks writes no more: ${(error as Error).message}`);
		}
	};
	try {
		await using network = await start({
			port,
			metering,
			seed,
			costSchedule: free ? "free" : "normal",
			log: (canister, text) => console.error(`${canister}: ${text}`),
			...(profile !== undefined && { conditions: profile as NonNullable<NetworkOptions["conditions"]> }),
			...(file !== undefined && { onBlock: write }),
		});
		const canisters: InstalledCanister[] = [];
		for (const [i, wasm] of wasms.entries())
			canisters.push({
				name: basename(install[i]!, ".wasm"),
				id: await installed(network, wasm, controllers),
			});
		const { url } = network;
		const running: RunningNetwork = {
			pid: process.pid,
			url,
			rootKey: Buffer.from(network.rootKey).toString("hex"),
			canisters,
		};
		const forget = noted(running);
		console.log(shown(running, json));
		try {
			await end;
		} finally {
			forget();
		}
	} finally {
		if (file !== undefined) closeSync(file);
	}
}

export const network: Command = {
	help,
	run,
};
