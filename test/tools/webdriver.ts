import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

/** A browser that is driven by WebDriver (https://www.w3.org/TR/webdriver2/), as much of it as these scripts need. */
export interface Browser {
	readonly name: string;
	open(url: string): Promise<void>;
	/** Runs a function in the page, and waits for what it answers: JSON. Nothing of this module is in its scope. */
	run<Args extends readonly unknown[], Result>(
		work: (...args: Args) => Result | Promise<Result>,
		...args: Args
	): Promise<Result>;
	/** A PNG. */
	screenshot(): Promise<Buffer>;
	close(): Promise<void>;
}

export interface Program {
	readonly name: string;
	/** The driver's command, and its arguments for a port. */
	readonly command: string;
	args(port: number): string[];
	readonly env?: Record<string, string>;
	readonly capabilities: Record<string, unknown>;
}

const STARTS_MS = 30_000;
const SCRIPT_MS = 180_000;

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

async function command(url: string, method: string, body?: object): Promise<unknown> {
	const headers = { "content-type": "application/json" };
	const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
	const { value } = (await response.json()) as { value: unknown };
	if (response.ok) return value;
	const { error, message } = value as { error: string; message: string };
	throw new Error(`${error}: ${message.split("\n")[0]}`);
}

export async function openBrowser({
	name,
	command: driver,
	args,
	env,
	capabilities,
}: Program): Promise<Browser> {
	const port = await freePort();
	const child: ChildProcess = spawn(driver, args(port), {
		stdio: "ignore",
		env: { ...process.env, ...env },
	});
	const failed = once(child, "error").then(([error]) => {
		throw error;
	});
	failed.catch(() => {});
	const base = `http://127.0.0.1:${port}`;
	const stop = async () => {
		if (child.exitCode !== null || child.pid === undefined) return;
		child.kill("SIGTERM");
		await once(child, "exit");
	};
	try {
		const isReady = () =>
			command(`${base}/status`, "GET").then(
				() => true,
				() => false,
			);
		const end = Date.now() + STARTS_MS;
		while (!(await Promise.race([isReady(), failed]))) {
			if (Date.now() > end) throw new Error(`${driver} does not answer`);
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
		const created = await command(`${base}/session`, "POST", { capabilities: { alwaysMatch: capabilities } });
		const { sessionId, capabilities: its } = created as {
			sessionId: string;
			capabilities: { browserName: string; browserVersion: string };
		};
		const session = `${base}/session/${sessionId}`;
		await command(`${session}/timeouts`, "POST", { script: SCRIPT_MS, pageLoad: SCRIPT_MS });
		return {
			name: `${name} ${its.browserVersion}`,
			open: async (url) => void (await command(`${session}/url`, "POST", { url })),
			run: async (work, ...given) => {
				const script =
					`const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);` +
					// What keeps names in compiled code is not in the page.
					`const __name = (value) => value;` +
					`Promise.resolve().then(() => (${work})(...given)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
				const outcome = (await command(`${session}/execute/async`, "POST", { script, args: given })) as {
					value?: unknown;
					error?: string;
				};
				if (outcome.error !== undefined) throw new Error(outcome.error);
				return outcome.value as never;
			},
			screenshot: async () =>
				Buffer.from((await command(`${session}/screenshot`, "GET")) as string, "base64"),
			close: async () => {
				await command(session, "DELETE").catch(() => {});
				await stop();
			},
		};
	} catch (error) {
		await stop();
		throw error;
	}
}
