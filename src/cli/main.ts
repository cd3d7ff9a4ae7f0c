#!/usr/bin/env node
/**
 * The command `canister-blobs`. Exit codes: 0 done, 1 it could not be done, 2 the command line is wrong; of backups also
 * 3 done but for what is named, 10 there is no repository. Results go to stdout, errors to stderr.
 */
import { backup } from "./backup/backup.js";
import { init } from "./backup/init.js";
import { cat, diff, ls } from "./backup/look.js";
import { repair } from "./backup/repair.js";
import { restore } from "./backup/restore.js";
import { snapshots } from "./backup/snapshots.js";
import { forget, prune } from "./backup/tidy.js";
import { verify } from "./backup/verify.js";
import { type Command, EXIT_FAILURE, EXIT_USAGE, UsageError } from "./command.js";
import { link } from "./link.js";
import { linkFor } from "./link-for.js";
import { network } from "./network.js";
import { serve } from "./serve.js";

const commands = new Map<string, Command>([
	["link", link],
	["network", network],
	...Object.entries({ init, backup, restore, verify, repair, snapshots, ls, cat, diff, forget, prune }),
	["serve", serve],
	["link-for", linkFor],
]);

const help = `Usage: canister-blobs <command> [options]

Commands:
${[...commands].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join("\n")}

\`canister-blobs <command> --help\` says more.`;

const isUsageError = (error: unknown): boolean =>
	error instanceof UsageError ||
	(error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS"));

async function main([name, ...args]: readonly string[]): Promise<number> {
	if (name === "--help" || name === "-h" || name === "help") {
		console.log(help);
		return 0;
	}
	const command = name === undefined ? undefined : commands.get(name);
	if (command === undefined) {
		console.error(name === undefined ? help : `canister-blobs: no command "${name}"\n\n${help}`);
		return EXIT_USAGE;
	}
	if (args.includes("--help") || args.includes("-h")) {
		console.log(command.help);
		return 0;
	}
	try {
		return (await command.run(args)) ?? 0;
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		if (!isUsageError(error)) {
			console.error(`canister-blobs ${name}: ${message}`);
			return EXIT_FAILURE;
		}
		// Whoever reads lines of JSON is told by the last one how it ended, whatever happened.
		if (args.includes("--json"))
			console.log(JSON.stringify({ type: "error", exitCode: EXIT_USAGE, code: "usage", message }));
		console.error(`canister-blobs ${name}: ${message}\nTry: canister-blobs ${name} --help`);
		return EXIT_USAGE;
	}
}

process.exitCode = await main(process.argv.slice(2));
