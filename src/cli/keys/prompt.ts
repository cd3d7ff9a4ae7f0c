import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UsageError } from "../command.js";

/** Asks for a secret on the terminal, without showing what is typed. */
export function askFor(what: string): Promise<string> {
	const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
	const lines = createInterface({ input: process.stdin, output: nothing, terminal: true });
	// Only now: what is typed before the terminal is told not to show it is shown.
	process.stderr.write(`${what}: `);
	return new Promise((resolve, reject) => {
		let answer: string | undefined;
		lines.once("line", (line) => {
			answer = line;
			lines.close();
		});
		lines.once("SIGINT", () => lines.close());
		lines.once("close", () => {
			process.stderr.write("\n");
			if (answer) resolve(answer);
			else reject(new UsageError("nothing was typed"));
		});
	});
}

/** The same for a new one, typed twice. */
export async function askForNew(what: string): Promise<string> {
	const first = await askFor(what);
	if ((await askFor("The same again")) !== first) throw new UsageError("they are not the same");
	return first;
}
