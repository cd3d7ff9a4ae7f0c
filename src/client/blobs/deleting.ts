import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import type { CallOptions } from "../asking.js";
import { CALL } from "../checks.js";
import type { ClientContext } from "../context.js";
import type { Version } from "../types.js";
import type { DeleteManyProgress, DeleteManyResult, ItemDeleted, ItemResult } from "../upload/batch/types.js";
import { type Changes, startTransfer } from "../upload/start.js";
import { failedTransfer, type Transfer } from "../upload/transfer.js";
import { throwIfAborted } from "../util/abort.js";
import { part } from "../util/part.js";

/** A key to delete as long as it holds a certain version. */
export interface DeleteItem {
	/** Which key. */
	readonly key: string;
	/** Delete only while the key holds this version. Default: whatever it holds. */
	readonly ifMatch?: Version | undefined;
}

/** What `deleteMany` takes: keys, or keys with a condition, all at once or one after the other. */
export type DeleteItems = Iterable<string | DeleteItem> | AsyncIterable<string | DeleteItem>;

/** What deletes many: loaded when the first ones are. */
const deletingMany = part(() => import("./deleting-many.js"));

type DeleteTransfer = Transfer<DeleteManyResult, DeleteManyProgress, ItemResult<ItemDeleted>>;

/** Starts deletions of many keys as one transfer. Whatever is wrong with all of them fails the transfer. */
export function startDeleting(
	context: ClientContext,
	items: DeleteItems,
	options?: CallOptions,
): DeleteTransfer {
	const changes: Changes = { told: () => {} };
	const meter = new DeleteMeter(() => changes.told());
	try {
		checkOptions(options, CALL);
		checkArgument("keys", items, is.iterable);
	} catch (error) {
		return failedTransfer(error, meter.progress);
	}
	return startTransfer(context, {
		signal: options?.signal,
		progress: () => meter.progress,
		paused: () => {},
		lane: context.lanes.upload,
		changes,
		retried: () => meter.retried(),
		run: async ({ caller }, work) => {
			const engine = await deletingMany();
			throwIfAborted(work.signal);
			const deleting = new engine.Deleting({ ...context, caller }, meter, work.signal, work.ended);
			const result = await deleting.run(items);
			throwIfAborted(work.signal);
			return result;
		},
		discard: async () => {},
	});
}

/** Counts keys. */
export class DeleteMeter {
	readonly #changed: () => void;
	#found = 0;
	#isListed = false;
	#retries = 0;
	readonly #counts = { deleted: 0, absent: 0, failed: 0 };

	constructor(changed: () => void) {
		this.#changed = changed;
	}

	get progress(): DeleteManyProgress {
		const total = this.#isListed ? this.#found : undefined;
		return { items: { total, ...this.#counts }, retries: this.#retries };
	}

	found(): void {
		this.#found++;
	}

	listed(): void {
		this.#isListed = true;
		this.#changed();
	}

	retried(): void {
		this.#retries++;
		this.#changed();
	}

	ended({ status }: ItemResult<ItemDeleted>): void {
		this.#counts[status]++;
		this.#changed();
	}
}
