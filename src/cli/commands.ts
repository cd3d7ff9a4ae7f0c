import type { Entry } from "./completion.js";

/**
 * Name, summary, and where it is. Only the command that is run is loaded: an agent, with its cryptography, takes half a
 * second, and a build that links canisters runs this program many times.
 */
export const COMMANDS: readonly Entry[] = [
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
	[
		"completion",
		"print a script for bash, zsh or fish",
		async () => (await import("./completion.js")).completionOf(COMMANDS),
	],
];
