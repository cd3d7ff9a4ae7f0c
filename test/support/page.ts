import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { build, type Plugin, type Rollup } from "vite";

/** Pages in a real Chromium: bundled, served as files, opened. */

const root = join(import.meta.dirname, "../..");
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const FLAGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** Bundles a page for production into a directory. @returns its scripts, those of workers too */
export async function bundlePage(source: string, directory: string): Promise<Rollup.OutputChunk[]> {
	const scripts: Rollup.OutputChunk[] = [];
	const collect = (): Plugin => ({
		name: "collect",
		generateBundle: (_, bundle) => {
			scripts.push(...Object.values(bundle).filter((part) => part.type === "chunk"));
		},
	});
	await build({
		root: source,
		logLevel: "warn",
		build: { outDir: directory, emptyOutDir: true },
		plugins: [collect()],
		worker: { plugins: () => [collect()] },
	});
	return scripts;
}

export interface Served {
	readonly port: number;
	stop(): Promise<void>;
}

/** Serves the files of one directory, and the page's config.json, on a free port of 127.0.0.1. */
export async function servePage(
	directory: string,
	config: object,
	headers: Record<string, string> = {},
): Promise<Served> {
	const server = createServer(async (request, response) => {
		const { pathname } = new URL(request.url ?? "/", "http://localhost");
		const name = pathname === "/" ? "/index.html" : pathname;
		try {
			const body = name === "/config.json" ? JSON.stringify(config) : await readFile(join(directory, name));
			const type = TYPES[extname(name)] ?? "application/json";
			response.writeHead(200, { "content-type": type, ...headers }).end(body);
		} catch {
			response.writeHead(404).end();
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		port: (server.address() as AddressInfo).port,
		stop: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** A Chromium with a profile of its own, and what else it is told. */
export async function openChromium(profile: string, ...args: string[]): Promise<BrowserContext> {
	const script = join(root, "scripts/chromium.mjs");
	const executablePath = execFileSync("node", [script], { encoding: "utf8" }).trim();
	return chromium.launchPersistentContext(profile, {
		executablePath,
		headless: true,
		args: [...FLAGS, ...args],
	});
}
