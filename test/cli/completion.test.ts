import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.js";
import { optionsIn } from "../../src/cli/completion.js";
import { COMMAND } from "../support/command.js";
import { runCommand } from "../support/in-process.js";

/** What shells complete; and by it that every command takes each option that its help names. */

const printed = (...args: string[]) =>
	execFileSync(process.execPath, [COMMAND, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
	const script = `source <('${process.execPath}' '${COMMAND}' completion bash)
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_canister_blobs; printf '%s\\n' "\${COMPREPLY[@]}"`;
	return execFileSync("bash", ["-c", script], { encoding: "utf8" })
		.split("\n")
		.filter((line) => line !== "");
}

const commands = [...printed("--help").matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name!);

test("C150 bash completes commands, and the options of each", () => {
	expect(offered("canister-blobs", "")).toEqual(commands);
	expect(offered("canister-blobs", "re")).toEqual(["revoke", "restore", "repair"]);
	expect(offered("canister-blobs", "put", "--ex")).toEqual(["--exclude", "--expires"]);
	expect(offered("canister-blobs", "key", "--pass")).toEqual(["--passphrase-file", "--passphrase-command"]);
	// Files, which are the shell's own.
	expect(offered("canister-blobs", "put", "fi")).toEqual([]);
});

test.each(["bash", "zsh", "fish"])("C150 %s is given a script with every command", (shell) => {
	const script = printed("completion", shell);
	for (const command of commands) expect(script).toContain(command);
	const checked = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
	// Not every machine has all three.
	if (checked.error === undefined) expect(checked).toMatchObject({ status: 0, stderr: "" });
});

test("C150 another shell is refused", () => {
	const { status, stderr } = spawnSync(process.execPath, [COMMAND, "completion", "sh"], { encoding: "utf8" });
	expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("bash, zsh or fish") });
});

test.each(COMMANDS)("C150 %s takes each option that its help names", async (name, _, load) => {
	const command = await load();
	const options = optionsIn(command.help).filter((option) => option !== "--help" && option !== "-h");
	for (const option of options) {
		// Of a snapshot `ls` and `cat` take other options than of a store.
		const before = ["ls", "cat"].includes(name) && option === "--repo" ? ["--snapshot=latest"] : [];
		const { code, out } = await runCommand(command, ...before, option, "--no-such-option");
		expect({ option, code, out }).toMatchObject({
			code: 2,
			out: expect.not.stringContaining(`option ${option}`),
		});
		expect(out).toMatch(/--no-such-option|argument is ambiguous/);
	}
});
