import { vi } from "vitest";
import type { Command } from "../../src/cli/command.js";

/** What a command prints, and the code that it ends with. */
export interface Ran {
	readonly code: number;
	/** stdout and stderr, as they came. */
	readonly out: string;
	/** The objects that it printed with --json. */
	readonly lines: Record<string, never>[];
	readonly last: Record<string, never>;
}

/** Runs a command in this process, as main.ts does. */
export async function runCommand(command: Command, ...args: string[]): Promise<Ran> {
	let [out, printed] = ["", ""];
	const taken = (stream: "stdout" | "stderr") => (text: unknown) => {
		const said = typeof text === "string" ? text : Buffer.from(text as Uint8Array).toString();
		out += said;
		if (stream === "stdout") printed += said;
		return true;
	};
	const spies = (["stdout", "stderr"] as const).map((name) =>
		vi.spyOn(process[name], "write").mockImplementation(taken(name)),
	);
	const ended = (code: number): Ran => {
		const lines = args.includes("--json")
			? printed.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
			: [];
		return { code, out, lines, last: lines.at(-1) ?? {} };
	};
	try {
		return ended((await command.run(args)) ?? 0);
	} catch (error) {
		out += (error as Error).message;
		return ended(2);
	} finally {
		for (const spy of spies) spy.mockRestore();
	}
}
