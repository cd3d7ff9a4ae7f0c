import { checkKey, MAX_ITEMS, type WireItemResult, type WirePrecondition } from "../../protocol/index.js";
import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import { newId } from "../asking.js";
import { DELETE_ITEM } from "../checks.js";
import { type ClientContext, noteVersion, placeIn, requireIdentity } from "../context.js";
import { shownKey, storedKey } from "../encryption.js";
import {
	ClientError,
	type ErrorPlace,
	located,
	messageOf,
	refused,
	refuseInvalid,
	replyInvalid,
	toBlobError,
} from "../errors/errors.js";
import type { DeleteManyResult, ItemDeleted, ItemResult } from "../upload/batch/types.js";
import { isTooLarge, lowerLimit } from "../upload/too-large.js";
import { throwIfAborted } from "../util/abort.js";
import { utf8 } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { untilBroken } from "../util/until-broken.js";
import { fromPrecondition, toVersion } from "../wire-map.js";
import type { DeleteItem, DeleteItems, DeleteMeter } from "./deleting.js";

interface Deletion {
	readonly index: number;
	readonly key: string;
	readonly precondition: WirePrecondition;
}

/** Bytes of a key in a message, with its length and its precondition. */
const bytesOf = ({ key }: Deletion): number => utf8(key).length + 16;

/** Deletions of many keys: as many to a message as it holds, one message after the other. */
export class Deleting {
	readonly #context: ClientContext;
	readonly #meter: DeleteMeter;
	readonly #signal: AbortSignal;
	readonly #ended: (result: ItemResult<ItemDeleted>) => void;
	readonly #results: ItemResult<ItemDeleted>[] = [];
	readonly #keys = new Set<string>();
	#place: ErrorPlace = {};

	constructor(
		context: ClientContext,
		meter: DeleteMeter,
		signal: AbortSignal,
		ended: (result: ItemResult<ItemDeleted>) => void,
	) {
		this.#context = context;
		this.#meter = meter;
		this.#signal = signal;
		this.#ended = ended;
	}

	/** @throws ClientError `items_failed` where the keys cannot be read to their end, after what was given was deleted */
	async run(items: DeleteItems): Promise<DeleteManyResult> {
		const { settings, sendLimit } = this.#context;
		let broken: { error: unknown } | undefined;
		let message: Deletion[] = [];
		let bytes = 0;
		let index = 0;
		await requireIdentity(this.#context);
		this.#place = await placeIn(this.#context);
		for await (const item of untilBroken(items, (error) => {
			broken = { error };
		})) {
			throwIfAborted(this.#signal);
			this.#meter.found();
			const deletion = this.#checked(item, index++);
			if (!deletion) continue;
			bytes += bytesOf(deletion);
			const isFull = message.length === MAX_ITEMS || bytes > Math.min(settings.chunkBytes, sendLimit.bytes);
			if (message.length > 0 && isFull) {
				await this.#send(message);
				message = [];
				bytes = bytesOf(deletion);
			}
			message.push(deletion);
		}
		this.#meter.listed();
		if (message.length > 0) await this.#send(message);
		const { total, ...counts } = this.#meter.progress.items;
		const result = { items: this.#results, ...counts };
		if (!broken) return result;
		throw new ClientError("items_failed", { reason: messageOf(broken.error), result }, broken.error);
	}

	/** Undefined for an item that has failed already. */
	#checked(item: string | DeleteItem, index: number): Deletion | undefined {
		const asked: Partial<DeleteItem> = typeof item === "string" ? { key: item } : item;
		try {
			checkArgument("keys", asked, is.object);
			checkOptions(asked, DELETE_ITEM);
			checkArgument("key", asked.key, is.text);
			const key = storedKey(this.#context, asked.key as string);
			refuseInvalid(checkKey(key));
			if (this.#keys.has(key)) throw new ClientError("key_repeated", { key: asked.key as string });
			this.#keys.add(key);
			return { index, key, precondition: fromPrecondition(asked.ifMatch) };
		} catch (error) {
			this.#failed(index, asked?.key ?? "", error);
			return undefined;
		}
	}

	/** @throws only what ends all: an abort */
	async #send(deletions: readonly Deletion[]): Promise<void> {
		const blobs = deletions.map(({ key, precondition }) => ({ key, precondition }));
		const request = { id: newId(this.#context), blobs };
		let results: readonly WireItemResult[];
		let deleted: readonly boolean[] | undefined;
		try {
			const answer = await this.#context.caller.update("blobs_delete_many", [request], { verify: true });
			results = answer.results;
			[deleted] = answer.deleted;
			if (results.length !== blobs.length)
				throw replyInvalid("blobs_delete_many", `it has ${results.length} results for ${blobs.length} keys`);
		} catch (error) {
			throwIfAborted(this.#signal);
			if (isTooLarge(error) && blobs.length > 1) return this.#sendHalves(deletions);
			for (const { index, key } of deletions)
				this.#failed(index, shownKey(this.#context, key), error, deletions.length > 1);
			return;
		}
		// What the message had no instructions left for; never the first, so that this comes to an end.
		const done = results.findIndex((result) => "err" in result && result.err.code === "not_done_yet");
		const rest = done > 0 ? deletions.slice(done) : [];
		for (const [i, deletion] of deletions.slice(0, deletions.length - rest.length).entries())
			this.#answered(deletion, results[i] as WireItemResult, deleted?.[i] ?? true);
		if (rest.length > 0) await this.#send(rest);
	}

	async #sendHalves(deletions: readonly Deletion[]): Promise<void> {
		const middle = deletions.length >> 1;
		const bytes = deletions.reduce((sum, deletion) => sum + bytesOf(deletion), 0);
		lowerLimit(this.#context.sendLimit, bytes);
		await this.#send(deletions.slice(0, middle));
		await this.#send(deletions.slice(middle));
	}

	#answered({ index, key }: Deletion, result: WireItemResult, wasThere: boolean): void {
		const shown = shownKey(this.#context, key);
		if ("err" in result) {
			this.#failed(index, shown, refused(result.err));
			return;
		}
		noteVersion(this.#context, result.ok);
		const status = wasThere ? "deleted" : "absent";
		this.#done(index, { key: shown, status, version: withJson(toVersion(result.ok)) });
	}

	/** @param isShared whether other keys failed by the same error, which then names none of them */
	#failed(index: number, key: string, error: unknown, isShared = false): void {
		const place = { ...this.#place, key: isShared ? undefined : key };
		this.#done(index, { key, status: "failed", error: located(toBlobError(error), place) });
	}

	#done(index: number, result: ItemResult<ItemDeleted>): void {
		this.#results[index] = result;
		this.#meter.ended(result);
		this.#ended(result);
	}
}
