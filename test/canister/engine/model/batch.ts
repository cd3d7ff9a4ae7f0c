import {
	MAX_CHUNK_BYTES,
	type MethodArgs,
	type WireBatchItem,
	type WireManifest,
	type WireVersion,
} from "../../../../src/protocol/index.js";
import { checkWhole, moveTo, publish, publishAgain, remove, requireWriter, say } from "./blobs.js";
import { type Model, nameOf, refuse } from "./model.js";
import { publishUpload } from "./uploads.js";

/** What a batch should do: its items one after the other, and nothing at all where one is refused. */

export const contentOf = (items: readonly WireBatchItem[]): number =>
	items.reduce((sum, item) => sum + ("put" in item ? item.put.content.length : 0), 0);

export function batch(model: Model, who: number, [request]: MethodArgs<"blobs_batch">) {
	const { id, items } = request;
	requireWriter(model, who);
	if (items.some((item) => "put" in item)) model.requireMode("live");
	const act = () => {
		model.requireReceivable(who, contentOf(items));
		requireApart(model, who, items);
		const versions = model.atomically(() => items.map((item) => one(model, who, item)));
		return { versions, at: model.nanoseconds() };
	};
	const again = (answer: ReturnType<typeof act>) => {
		for (const item of items) model.requireStill(who, ...keysOf(model, who, item));
		return answer;
	};
	return model.once(who, id, "batch", "blobs_batch", request, 1, act, again);
}

/** Keys that an item changes. */
function keysOf(model: Model, who: number, item: WireBatchItem): string[] {
	if ("put" in item) return [item.put.key];
	if ("delete" in item) return [item.delete.key];
	if ("update" in item) return [item.update.key];
	if ("copy" in item) return [item.copy.to];
	if ("rename" in item) return [item.rename.to, item.rename.from];
	const name = nameOf(who, item.commit.id);
	const receipt = model.receipts.get(name);
	const key = model.uploads.get(name)?.key;
	if (key !== undefined) return [key];
	return receipt?.kind === "committed" ? [(receipt.answer as WireManifest).key] : [];
}

function requireApart(model: Model, who: number, items: readonly WireBatchItem[]): void {
	const changed = items.flatMap((item) => {
		// One that is committed already is refused for that.
		const isOver = "commit" in item && !model.uploads.has(nameOf(who, item.commit.id));
		return isOver ? [] : keysOf(model, who, item);
	});
	if (new Set(changed).size < changed.length) refuse("invalid_argument");
	for (const item of items)
		if ("copy" in item && changed.includes(item.copy.from)) refuse("invalid_argument");
}

function one(model: Model, who: number, item: WireBatchItem): [] | [WireVersion] {
	if ("put" in item) {
		const { pieces } = checkWhole(model, who, item.put, item.put.content);
		publish(model, who, undefined, item.put, MAX_CHUNK_BYTES, pieces);
	} else if ("commit" in item) publishUpload(model, who, item.commit);
	else if ("update" in item) {
		model.requireChanges(who, 2);
		say(model, who, item.update);
	} else if ("copy" in item) {
		model.requireChanges(who, 2);
		publishAgain(model, who, item.copy);
	} else if ("rename" in item) {
		model.requireChanges(who, 3);
		moveTo(model, who, item.rename);
	} else if (!remove(model, who, item.delete).deleted) return [];
	return [model.version];
}
