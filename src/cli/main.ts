#!/usr/bin/env node
/**
 * The command `canister-blobs`. Exit codes: 0 done, 1 not done, 2 the command line is wrong, 3 done in part, 10 there is
 * no backup repository, 12 no key that was given opens it, 141 nothing reads the output any more. Results go to stdout,
 * errors to stderr.
 */
import { readFile } from "node:fs/promises";
import { EXIT_FAILURE, EXIT_USAGE, optionsIn, suggestion, UsageError } from "./command.js";
import { COMMANDS } from "./commands.js";
import { endWithOutput, outputExitCode } from "./output.js";
import { PACKAGE_ROOT } from "./package-root.js";
import { printable } from "./printable.js";

const help = `Usage: canister-blobs <command> [options]

Commands:
${COMMANDS.map(([name, summary]) => `  ${name.padEnd(12)}${summary}`).join("\n")}

\`canister-blobs <command> --help\` says more; \`canister-blobs --version\` shows the version.`;

/** Codes of errors in the command line that only the client or the store can detect, such as an invalid key. */
const OF_ARGUMENTS = ["option_invalid", "invalid_argument"];

const isUsageError = (error: unknown): boolean =>
	error instanceof UsageError ||
	(error instanceof Error && OF_ARGUMENTS.includes(String((error as NodeJS.ErrnoException).code))) ||
	(error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS"));

async function main(args: readonly string[]): Promise<number> {
	const [name, ...rest] = args;
	if (name === "help" && rest[0] !== undefined) return main([rest[0], "--help"]);
	if (name === "--help" || name === "-h" || name === "help") {
		console.log(help);
		return 0;
	}
	if (name === "--version" || name === "-v") {
		const { version } = JSON.parse(await readFile(new URL("package.json", PACKAGE_ROOT), "utf8"));
		console.log(version);
		return 0;
	}
	const [, , load] = COMMANDS.find(([known]) => known === name) ?? [];
	if (load === undefined) {
		const near =
			name === undefined
				? ""
				: suggestion(
						name,
						COMMANDS.map(([known]) => known),
					);
		// With a suggestion, the list of all commands would only hide it.
		const rest = near === "" ? `\n\n${help}` : "\nTry: canister-blobs --help";
		console.error(name === undefined ? help : `canister-blobs: there is no command "${name}"${near}${rest}`);
		return EXIT_USAGE;
	}
	const command = await load();
	const options = optionsIn(rest);
	if (options.includes("--help") || options.includes("-h")) {
		console.log(command.help);
		return 0;
	}
	try {
		return (await command.run(rest)) ?? 0;
	} catch (error) {
		// Loaded only here: a build that links canisters runs this program many times.
		const message = (await import("./messages.js")).messageFor(error);
		if (!isUsageError(error)) {
			const ended = outputExitCode();
			if (ended !== undefined) return ended;
			console.error(`canister-blobs ${name}: ${printable(message)}`);
			return EXIT_FAILURE;
		}
		// Readers of JSON lines get the result from the last line, also for a wrong command line.
		if (options.includes("--json"))
			console.log(JSON.stringify({ type: "error", exitCode: EXIT_USAGE, code: "usage", message }));
		console.error(`canister-blobs ${name}: ${message}\nTry: canister-blobs ${name} --help`);
		return EXIT_USAGE;
	}
}

endWithOutput();
const exitCode = await main(process.argv.slice(2));
process.exitCode = outputExitCode() ?? exitCode;
