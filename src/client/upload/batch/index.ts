import * as is from "../../arguments.js";
import { checkArgument, checkOptions } from "../../arguments.js";
import { UPLOAD_MANY } from "../../checks.js";
import type { ClientContext } from "../../context.js";
import { laneFor } from "../../lane/index.js";
import { throwIfAborted } from "../../util/abort.js";
import { part } from "../../util/part.js";
import { type Changes, startTransfer } from "../start.js";
import { failedTransfer, type Transfer } from "../transfer.js";
import type { Batch } from "./batch.js";
import { Finder, type UploadItems } from "./found.js";
import { BatchMeter } from "./meter.js";
import type {
	ItemResult,
	ItemUploaded,
	UploadManyOptions,
	UploadManyProgress,
	UploadManyResult,
} from "./types.js";

/** What sends many: loaded when the first ones are. */
const uploading = part(() => import("./batch.js"));

type BatchTransfer<Result = UploadManyResult> = Transfer<
	Result,
	UploadManyProgress,
	ItemResult<ItemUploaded>
>;

/** Starts uploads of many files as one transfer. Whatever is wrong with all of them fails the transfer. */
export function startBatch(
	context: ClientContext,
	items: UploadItems,
	options: UploadManyOptions,
): BatchTransfer;
/**
 * The same of items that are found when the transfer begins.
 * @param finish what to make of the result
 */
export function startBatch<Result>(
	context: ClientContext,
	items: () => Promise<UploadItems>,
	options: UploadManyOptions,
	finish: (result: UploadManyResult) => Result,
): BatchTransfer<Result>;
export function startBatch(
	context: ClientContext,
	items: UploadItems | (() => Promise<UploadItems>),
	options: UploadManyOptions,
	finish: (result: UploadManyResult) => UploadManyResult = (result) => result,
): BatchTransfer {
	try {
		return begin(context, items, options, finish);
	} catch (error) {
		const { monotonic } = context.settings.ports;
		const meter = new BatchMeter({
			concurrency: () => context.lanes.upload.concurrency,
			monotonic,
			onChange: () => {},
		});
		return failedTransfer(error, meter.progress);
	}
}

/** @throws ClientError `option_invalid` */
function begin(
	context: ClientContext,
	items: UploadItems | (() => Promise<UploadItems>),
	options: UploadManyOptions,
	finish: (result: UploadManyResult) => UploadManyResult,
): BatchTransfer {
	if (typeof items !== "function") checkArgument("items", items, is.iterable);
	checkOptions(options, UPLOAD_MANY);
	const lane = laneFor(context, "upload", options.concurrency);
	const changes: Changes = { told: () => {} };
	const meter = new BatchMeter({
		concurrency: () => lane.concurrency,
		monotonic: context.settings.ports.monotonic,
		onChange: () => changes.told(),
	});
	const finder = new Finder(context, meter, options);
	const found = typeof items === "function" ? undefined : finder.find(items);
	let batch: Batch | undefined;
	return startTransfer(context, {
		signal: options.signal,
		progress: () => meter.progress,
		paused: (isPaused) => meter.total.pause(isPaused),
		lane,
		changes,
		retried: () => meter.total.retried(),
		run: async (calls, work) => {
			const engine = await uploading();
			throwIfAborted(work.signal);
			batch = new engine.Batch(context, calls, meter, {
				...options,
				warn: work.warn,
				ended: work.ended,
			});
			const files = found ?? finder.find(await (items as () => Promise<UploadItems>)());
			const result = await batch.run(files);
			// Each file has failed then; together they were aborted.
			throwIfAborted(work.signal);
			return finish(result);
		},
		discard: async (caller) => batch?.discard(caller),
	});
}
