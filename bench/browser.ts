import { join } from "node:path";
import { createNetwork } from "canister-blobs/localnet";
import type { CDPSession } from "playwright-core";
import { writeRandomFile } from "../examples/support/random-file.js";
import { bundleTrial, choose, type Opened } from "../test/browser/trial.js";
import { deployScene } from "./scene.js";

const FILE_BYTES = 100_000_000;

/**
 * The longest task on the main thread of a page while it uploads and downloads a file, in a real Chromium with the
 * packed package. The page has just been loaded, since uncompiled code is slowest. Milliseconds of the thread's CPU
 * time, which other processes do not affect.
 */
export async function measureBrowser(
	wasm: Uint8Array,
	directory: string,
): Promise<{ longestMainThreadTaskMs: number }> {
	const network = await createNetwork();
	const trial = await bundleTrial(directory);
	let opened: Opened | undefined;
	try {
		const { canisterId, writer: identity } = await deployScene(network, wasm);
		const path = join(directory, "file");
		await writeRandomFile(path, FILE_BYTES);
		opened = await trial.open({ canisterId: canisterId.toText(), host: network.url, identity });
		const { page, context } = opened;
		const session = await context.newCDPSession(page);
		await choose(page, path);
		const longestMainThreadTaskMs = await longestTaskMs(session, async () => {
			await page.evaluate(() => window.trial.upload("file"));
			await page.waitForFunction(() => window.trial.report().state !== "running", undefined, { timeout: 0 });
			await page.evaluate(() => window.trial.drain("file"));
		});
		const { error } = await page.evaluate(() => window.trial.report());
		if (error) throw new Error(error);
		return { longestMainThreadTaskMs };
	} finally {
		await opened?.close();
		await trial.remove();
		await network.dispose();
	}
}

/** An event of Chromium's trace, with the fields that are used here; times in microseconds. */
interface TraceEvent {
	readonly name: string;
	readonly pid: number;
	readonly tid: number;
	/** CPU time of the thread. */
	readonly tdur?: number;
	readonly args: { readonly name?: string; readonly data?: { readonly frames?: { processId?: number }[] } };
}

/** The longest task of the page's main thread during `work`, from Chromium's trace. */
async function longestTaskMs(session: CDPSession, work: () => Promise<void>): Promise<number> {
	const events: TraceEvent[] = [];
	const collect = ({ value }: { value: object[] }) => {
		events.push(...(value as TraceEvent[]));
	};
	session.on("Tracing.dataCollected", collect);
	await session.send("Tracing.start", {
		transferMode: "ReportEvents",
		traceConfig: {
			includedCategories: ["__metadata", "devtools.timeline", "disabled-by-default-devtools.timeline"],
		},
	});
	await work();
	const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
	await session.send("Tracing.end");
	await complete;
	session.off("Tracing.dataCollected", collect);

	const started = events.find(({ name }) => name === "TracingStartedInBrowser");
	const pages = (started?.args.data?.frames ?? []).map(({ processId }) => processId);
	const isMain = ({ name, args, pid }: TraceEvent) =>
		name === "thread_name" && args.name === "CrRendererMain" && pages.includes(pid);
	const main = events.find(isMain);
	const tasks = events.filter(({ name, pid, tid }) => {
		return name === "RunTask" && pid === main?.pid && tid === main?.tid;
	});
	if (tasks.length === 0) throw new Error("the trace shows no task of the page");
	return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000;
}
