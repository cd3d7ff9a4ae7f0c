import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Ed25519KeyIdentity } from "@dfinity/identity";
import type { BrowserContext, Page } from "playwright-core";
import { once } from "../support/once.js";
import { installPacked } from "../support/packed.js";
import { bundlePage, openChromium, type Served, servePage } from "../support/page.js";
import type {} from "./page/trial.js";

/** The trial page, bundled from the packed package as a user of it bundles his. */
export interface Trial {
	/** Scripts with the modules that they are made of; that of the worker, too. */
	readonly scripts: readonly Script[];
	/** For the files of a test. */
	readonly folder: string;
	/** Opens it in a page of its own, at an origin of its own. All of them share one Chromium. */
	open(store: Place, options?: OpenOptions): Promise<Opened>;
	remove(): Promise<void>;
}

type Chunk = Awaited<ReturnType<typeof bundlePage>>[number];
export interface Script
	extends Pick<Chunk, "name" | "fileName" | "code" | "imports" | "dynamicImports" | "moduleIds"> {
	/** By their ids. */
	readonly modules: Readonly<Record<string, Pick<Chunk["modules"][string], "code">>>;
}

/** A store, and its users. */
export interface Place {
	readonly canisterId: string;
	readonly host: string;
	readonly identity: Ed25519KeyIdentity;
}

interface OpenOptions {
	/**
	 * By which name the browser knows the page's server: any that ends in `.test`. Default 127.0.0.1, which is a
	 * secure context.
	 */
	readonly host?: string;
	readonly headers?: Record<string, string>;
}

export interface Opened {
	readonly context: BrowserContext;
	readonly page: Page;
	/** What was thrown in the page and caught by nobody. */
	readonly problems: string[];
	close(): Promise<void>;
}

/** @param run where it is bundled, once for all that name the same folder */
export async function bundleTrial(run: string): Promise<Trial> {
	const { directory: bundled, value: scripts } = await once(run, "trial", bundle);
	const folder = await mkdtemp(join(tmpdir(), "canister-blobs-trial-"));
	let browser: Promise<BrowserContext> | undefined;
	return {
		scripts,
		folder,
		open: async (store, { host = "127.0.0.1", headers = {} } = {}) => {
			const config = { ...store, identity: JSON.stringify(store.identity.toJSON()) };
			const served: Served = await servePage(bundled, config, headers);
			browser ??= openChromium(join(folder, "profile"), "--host-resolver-rules=MAP *.test 127.0.0.1");
			const context = await browser;
			const page = await context.newPage();
			const problems: string[] = [];
			page.on("pageerror", (error) => problems.push(error.message));
			await page.goto(`http://${host}:${served.port}/`);
			await ready(page);
			return {
				context,
				page,
				problems,
				close: async () => {
					await page.close();
					await served.stop();
				},
			};
		},
		remove: async () => {
			await (await browser)?.close();
			await rm(folder, { recursive: true, force: true });
		},
	};
}

async function bundle(directory: string): Promise<Script[]> {
	const beside = ["@dfinity/agent", "@dfinity/identity", "js-sha256"];
	const project = await installPacked(dirname(directory), "test/browser/page", { beside });
	try {
		const chunks = await bundlePage(project.directory, directory);
		return chunks.map(({ name, fileName, code, imports, dynamicImports, moduleIds, modules }) => {
			const codes = Object.entries(modules).map(([id, { code }]) => [id, { code }]);
			return { name, fileName, code, imports, dynamicImports, moduleIds, modules: Object.fromEntries(codes) };
		});
	} finally {
		await project.remove();
	}
}

/** Resolves when the page's script has started. */
export async function ready(page: Page): Promise<void> {
	await page.waitForFunction(() => "trial" in window);
}

/** Chooses a real file, as a person does. */
export async function choose(page: Page, path: string): Promise<void> {
	await page.getByLabel("File").setInputFiles(path);
}
