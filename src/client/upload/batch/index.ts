import * as is from "../../arguments.js";
import { checkArgument, checkOptions } from "../../arguments.js";
import type { OnRetry } from "../../call/retry.js";
import { UPLOAD_MANY } from "../../checks.js";
import type { ClientContext } from "../../context.js";
import { laneFor } from "../../lane/index.js";
import { throwIfAborted } from "../../util/abort.js";
import { part } from "../../util/part.js";
import { type Line, UploadCalls } from "../calls.js";
import { reconnect } from "../index.js";
import { failedTransfer, Transfer } from "../transfer.js";
import type { Batch, UploadItems } from "./batch.js";
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

type BatchTransfer = Transfer<UploadManyResult, UploadManyProgress, ItemResult<ItemUploaded>>;

/** Starts uploads of many files as one transfer. Whatever is wrong with all of them fails the transfer. */
export function startBatch(
	context: ClientContext,
	items: UploadItems,
	options: UploadManyOptions,
): BatchTransfer {
	try {
		return begin(context, items, options);
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
function begin(context: ClientContext, items: UploadItems, options: UploadManyOptions): BatchTransfer {
	checkArgument("items", items, is.iterable);
	checkOptions(options, UPLOAD_MANY);
	const lane = laneFor(context, "upload", options.concurrency);
	let changed = () => {};
	const meter = new BatchMeter({
		concurrency: () => lane.concurrency,
		monotonic: context.settings.ports.monotonic,
		onChange: () => changed(),
	});
	let line: Line;
	let batch: Batch | undefined;
	return new Transfer({
		signal: options.signal,
		progress: () => meter.progress,
		paused: (isPaused) => meter.total.pause(isPaused),
		work: async (work) => {
			changed = work.changed;
			const retried: OnRetry = (error, waitMs) => {
				meter.total.retried();
				work.retried(error, waitMs);
			};
			line = { caller: context.caller, gate: work.gate, lane, retried };
			const engine = await uploading();
			throwIfAborted(work.signal);
			batch = new engine.Batch(context, new UploadCalls(line, work.signal), meter, {
				...options,
				warn: work.warn,
				ended: work.ended,
			});
			const result = await batch.run(items);
			// Each file has failed then; together they were aborted.
			throwIfAborted(work.signal);
			return result;
		},
		reconnect: (agent, identity) => reconnect(context, line, agent, identity),
		discard: async () => batch?.discard(line.caller),
	});
}
