import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UsageError } from "../command.js";

/** Prompts for a secret on the terminal, without echo. */
export function askFor(what: string): Promise<string> {
	const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
	const lines = createInterface({ input: process.stdin, output: nothing, terminal: true });
	// After echo is off: earlier input would be shown.
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

/** Like `askFor`, for a new secret, typed twice. */
export async function askForNew(what: string): Promise<string> {
	const first = await askFor(what);
	if ((await askFor("The same again")) !== first) throw new UsageError("they are not the same");
	return first;
}
