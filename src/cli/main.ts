#!/usr/bin/env node
/**
 * The command `canister-blobs`. Exit codes: 0 done, 1 not done, 2 the command line is wrong, 3 done in part, 10 there is
 * no backup repository, 12 no key that was given opens it, 141 nothing reads the output any more. Results go to stdout,
 * errors to stderr.
 */
import { readFile } from "node:fs/promises";
import { type Command, EXIT_FAILURE, EXIT_USAGE, optionsIn, suggestion, UsageError } from "./command.js";
import { endWithOutput, outputExitCode } from "./output.js";
import { PACKAGE_ROOT } from "./package-root.js";
import { printable } from "./printable.js";

/**
 * Name, summary, and where it is. Only the command that is run is loaded: an agent, with its cryptography, takes half a
 * second, and a build that links canisters runs this program many times.
 */
const COMMANDS: readonly (readonly [string, string, () => Promise<Command>])[] = [
	["put", "upload a file or a directory", async () => (await import("./blobs/put.js")).put],
	["get", "download a blob, or all below a prefix", async () => (await import("./blobs/get.js")).get],
	["cat", "print a blob of a store or of a snapshot", async () => (await import("./blobs/get.js")).cat],
	["ls", "list the blobs of a store or of a snapshot", async () => (await import("./blobs/look.js")).ls],
	["stat", "show what a key holds", async () => (await import("./blobs/look.js")).stat],
	["rm", "delete blobs", async () => (await import("./blobs/change.js")).rm],
	["mv", "rename a blob", async () => (await import("./blobs/change.js")).mv],
	[
		"update",
		"change type, visibility or metadata of a blob",
		async () => (await import("./blobs/update.js")).update,
	],
	["uploads", "list and abort open uploads", async () => (await import("./blobs/uploads.js")).uploads],
	[
		"whoami",
		"show the caller's principal, roles and usage",
		async () => (await import("./blobs/look.js")).whoami,
	],
	["grant", "give a principal a role or a grant", async () => (await import("./blobs/rights.js")).grant],
	["revoke", "take a role or a grant away", async () => (await import("./blobs/rights.js")).revoke],
	["build", "build a canister: Azle, then link", async () => (await import("./build/build.js")).build],
	[
		"link",
		"put the native SHA-256 into a canister built by Azle",
		async () => (await import("./build/link.js")).link,
	],
	["network", "run a local Internet Computer network", async () => (await import("./network.js")).network],
	["init", "make a backup repository", async () => (await import("./backup/init.js")).init],
	["backup", "back a store up, incrementally", async () => (await import("./backup/backup.js")).backup],
	[
		"restore",
		"restore a snapshot into files or a store",
		async () => (await import("./backup/restore.js")).restore,
	],
	["verify", "check that snapshots can be restored", async () => (await import("./backup/verify.js")).verify],
	[
		"repair",
		"replace damaged parts of a repository",
		async () => (await import("./backup/repair.js")).repair,
	],
	[
		"snapshots",
		"list snapshots, and watch their age",
		async () => (await import("./backup/snapshots.js")).snapshots,
	],
	["diff", "compare two snapshots", async () => (await import("./backup/look.js")).diff],
	[
		"export",
		"write a snapshot as plain files, or as a tar archive",
		async () => (await import("./backup/export.js")).exportSnapshot,
	],
	["copy", "copy snapshots to another repository", async () => (await import("./backup/copy.js")).copy],
	["forget", "forget snapshots by rules or by name", async () => (await import("./backup/tidy.js")).forget],
	["prune", "free space that no snapshot needs", async () => (await import("./backup/tidy.js")).prune],
	[
		"key",
		"list and change who can open a repository or a key file",
		async () => (await import("./keys/key.js")).key,
	],
	["serve", "serve a store's blobs over HTTP", async () => (await import("./serve.js")).serve],
	[
		"link-for",
		"print a link to a private blob, for a time",
		async () => (await import("./link-for.js")).linkFor,
	],
];

const help = `Usage: canister-blobs <command> [options]

Commands:
${COMMANDS.map(([name, summary]) => `  ${name.padEnd(10)}${summary}`).join("\n")}

\`canister-blobs <command> --help\` says more; \`canister-blobs --version\` shows the version.`;

/** What of an error is about the command line: also what only the client or the store can judge, such as a key. */
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
		// With a name that is near the list of all commands would only hide it.
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
		// Readers of JSON lines learn the result from the last line, also of a wrong command line.
		if (options.includes("--json"))
			console.log(JSON.stringify({ type: "error", exitCode: EXIT_USAGE, code: "usage", message }));
		console.error(`canister-blobs ${name}: ${message}\nTry: canister-blobs ${name} --help`);
		return EXIT_USAGE;
	}
}

endWithOutput();
const exitCode = await main(process.argv.slice(2));
process.exitCode = outputExitCode() ?? exitCode;
