import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import type { PreparedUpload } from "../batching/types.js";
import { UPLOAD } from "../checks.js";
import type { ClientContext } from "../context.js";
import { sealed, shown } from "../encryption.js";
import { locating } from "../errors/errors.js";
import { laneFor } from "../lane/index.js";
import { openSource } from "../source/open.js";
import type { BlobSource, OpenSource } from "../source/types.js";
import { throwIfAborted } from "../util/abort.js";
import { Budget } from "../util/budget.js";
import { part } from "../util/part.js";
import { planUpload, type UploadOptions } from "./options.js";
import { ProgressMeter } from "./progress.js";
import { type Changes, startTransfer } from "./start.js";
import { failedTransfer, type Transfer } from "./transfer.js";
import type { Upload } from "./upload.js";

/** What sends bytes: loaded when the first upload begins. */
const uploading = part(() => import("./upload.js"));

/** A source that is opened when its transfer begins. */
export class SourceLater {
	readonly open: () => Promise<BlobSource>;

	constructor(open: () => Promise<BlobSource>) {
		this.open = open;
	}
}

/** What is uploaded, or what opens it. */
export type UploadFrom = BlobSource | SourceLater;

/** Starts an upload. Whatever is wrong fails the transfer. */
export function startUpload(context: ClientContext, from: UploadFrom, options: UploadOptions): Transfer {
	return started(context, from, options, (upload) =>
		locating({ key: options.key }, async () => shown(context, await upload.run())),
	);
}

/** The same up to where only the commit is left. */
export function startPreparing(
	context: ClientContext,
	from: UploadFrom,
	options: UploadOptions,
): Transfer<PreparedUpload> {
	return started(context, from, options, (upload) => locating({ key: options.key }, () => upload.prepare()));
}

type Run<Result> = (upload: Upload) => Promise<Result>;

function started<Result>(
	context: ClientContext,
	from: UploadFrom,
	options: UploadOptions,
	run: Run<Result>,
): Transfer<Result> {
	try {
		return begin(context, from, options, run);
	} catch (error) {
		const { monotonic } = context.settings.ports;
		const concurrency = () => context.lanes.upload.concurrency;
		const meter = new ProgressMeter({ concurrency, total: undefined, monotonic, onChange: () => {} });
		return failedTransfer(error, meter.progress);
	}
}

/** @throws ClientError `option_invalid`, `source_invalid`, CanisterError `invalid_argument` */
function begin<Result>(
	context: ClientContext,
	from: UploadFrom,
	options: UploadOptions,
	run: Run<Result>,
): Transfer<Result> {
	const { settings } = context;
	checkArgument("options", options, is.object);
	checkOptions(options, UPLOAD);
	checkArgument("key", options.key, is.text);
	const opened = from instanceof SourceLater ? undefined : open(context, from, options);
	const lane = laneFor(context, "upload", options.concurrency);
	const changes: Changes = { told: () => {} };
	const meter = new ProgressMeter({
		concurrency: () => lane.concurrency,
		total: opened?.source.size,
		monotonic: settings.ports.monotonic,
		onChange: () => changes.told(),
	});
	let upload: Upload | undefined;
	return startTransfer(context, {
		signal: options.signal,
		progress: () => meter.progress,
		paused: (isPaused) => meter.pause(isPaused),
		lane,
		changes,
		retried: () => meter.retried(),
		run: async (calls, work) => {
			const budget = new Budget(settings.memoryBytes);
			const engine = await loadedFor(opened?.source, work.signal);
			const { source, plan } = opened ?? open(context, await (from as SourceLater).open(), options);
			meter.ended(source.size);
			upload = new engine.Upload({ context, plan, source, meter, calls, budget, warn: work.warn });
			return run(upload);
		},
		discard: async (caller) => upload?.discard(caller),
	});
}

/** What sends bytes; if there will be none to send, the source is closed. */
async function loadedFor(source: OpenSource | undefined, signal: AbortSignal) {
	try {
		const engine = await uploading();
		throwIfAborted(signal);
		return engine;
	} catch (error) {
		await source?.close().catch(() => {});
		throw error;
	}
}

function open(context: ClientContext, from: BlobSource, options: UploadOptions) {
	const given = openSource(from, options.size);
	return sealed(context, given, planUpload(options, given, context.settings, context.sendLimit), options);
}
