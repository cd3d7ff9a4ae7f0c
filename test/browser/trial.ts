import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ed25519KeyIdentity } from "@dfinity/identity";
import type { BrowserContext, Page } from "playwright-core";
import { installPacked, type Project } from "../support/packed.js";
import { bundlePage, openChromium, type Served, servePage } from "../support/page.js";
import type {} from "./page/trial.js";

/** The trial page, bundled from the packed package as a user of it bundles his. */
export interface Trial {
	/** Scripts with the modules that they are made of; that of the worker, too. */
	readonly scripts: Awaited<ReturnType<typeof bundlePage>>;
	readonly project: Project;
	/** For the files of a test. */
	readonly folder: string;
	/** Opens it in a Chromium of its own. */
	open(store: Place, options?: OpenOptions): Promise<Opened>;
	remove(): Promise<void>;
}

/** A store, and who uses it. */
export interface Place {
	readonly canisterId: string;
	readonly host: string;
	readonly identity: Ed25519KeyIdentity;
}

interface OpenOptions {
	/** By which name the browser knows the page's server. Default 127.0.0.1, which is a secure context. */
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

export async function bundleTrial(): Promise<Trial> {
	const folder = await mkdtemp(join(tmpdir(), "canister-blobs-trial-"));
	const project = await installPacked("test/browser/page", { beside: ["@dfinity/identity", "js-sha256"] });
	const bundled = join(folder, "page");
	const scripts = await bundlePage(project.directory, bundled);
	let profiles = 0;
	return {
		scripts,
		project,
		folder,
		open: async (store, { host = "127.0.0.1", headers = {} } = {}) => {
			const config = { ...store, identity: JSON.stringify(store.identity.toJSON()) };
			const served: Served = await servePage(bundled, config, headers);
			const context = await openChromium(
				join(folder, `profile-${profiles++}`),
				`--host-resolver-rules=MAP ${host} 127.0.0.1`,
			);
			const page = context.pages()[0] ?? (await context.newPage());
			const problems: string[] = [];
			page.on("pageerror", (error) => problems.push(error.message));
			await page.goto(`http://${host}:${served.port}/`);
			await ready(page);
			return {
				context,
				page,
				problems,
				close: async () => {
					await context.close();
					await served.stop();
				},
			};
		},
		remove: async () => {
			await project.remove();
			await rm(folder, { recursive: true, force: true });
		},
	};
}

/** Resolves when the page's script has started. */
export async function ready(page: Page): Promise<void> {
	await page.waitForFunction(() => "trial" in window);
}

/** Chooses a real file, as a person does. */
export async function choose(page: Page, path: string): Promise<void> {
	await page.getByLabel("File").setInputFiles(path);
}
