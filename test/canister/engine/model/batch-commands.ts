import fc from "fast-check";
import { MAX_CHUNK_BYTES, type WireBatchItem, type WirePublication } from "../../../../src/protocol/index.js";
import { publication, rootOf } from "../../../support/store.js";
import { blob, bytesOf, changeId, command, endOf, KEYS, pick, preconditionOf, who, whole } from "./draws.js";
import { type Model, type ModelUpload, S } from "./model.js";

/** Batches of random histories. */

const kind = fc.constantFrom("put", "put", "delete", "rename", "copy", "update", "commit", "commit");
/** Each key once, but that a commit's is that of its upload, and that a copy's source is any. */
export const batch = command(
	8,
	{
		who,
		id: changeId,
		pick,
		keys: fc.shuffledSubarray(KEYS, { minLength: 1 }),
		items: fc.array(fc.record({ ...whole, kind, isRootRight: fc.integer({ min: 0, max: 19 }) }), {
			minLength: 1,
			maxLength: 4,
		}),
	},
	(parts, model) => {
		const [first] = parts.keys;
		const c = blob(model, parts, first!);
		const free = [...parts.keys];
		const open = [...model.uploads].filter(([name]) => name.startsWith(`${c.who}/`));
		const items = c.items.flatMap((its): WireBatchItem[] => {
			if (its.kind === "commit") {
				const upload = open.shift();
				return upload === undefined ? [] : [commitItem(upload[0], upload[1], its.visibility)];
			}
			const key = free.shift();
			if (key === undefined) return [];
			const precondition = preconditionOf(model, key, its.condition);
			const none = { none: null };
			if (its.kind === "put") return [putItem(model, key, its, precondition)];
			if (its.kind === "delete") return [{ delete: { key, precondition } }];
			if (its.kind === "update")
				return [
					{
						update: {
							...{ key, precondition, content_type: [], visibility: [its.visibility], metadata: [] },
							expiry: endOf(model, its.endsIn).map((at) => ({ at })) as [] | [{ at: bigint }],
						},
					},
				];
			if (its.kind === "copy") return [{ copy: { from: its.key, source: none, to: key, precondition } }];
			const to = free.shift();
			return to === undefined ? [] : [{ rename: { from: key, source: none, to, precondition: none } }];
		});
		const some = items.length > 0 ? items : [{ delete: { key: first!, precondition: { none: null } } }];
		return { who: c.who, method: "blobs_batch", args: [{ id: c.id, items: some }] };
	},
);
/** What is drawn of a put. */
interface DrawnPut {
	readonly fill: number;
	readonly length: number;
	/** 0: the root is not that of the content. */
	readonly isRootRight: number;
	readonly visibility: WirePublication["visibility"];
	readonly endsIn: number | null;
}

export function putItem(
	model: Model,
	key: string,
	{ fill, length, isRootRight, visibility, endsIn }: DrawnPut,
	precondition: WirePublication["precondition"],
): Extract<WireBatchItem, { put: unknown }> {
	const content = bytesOf(fill, length);
	const root = rootOf(content, isRootRight > 0 ? MAX_CHUNK_BYTES : S);
	const expires_at = endOf(model, endsIn);
	return { put: { key, content, ...publication(root, { visibility, precondition, expires_at }) } };
}

/** Of all that has arrived of an upload. */
export function commitItem(
	name: string,
	upload: ModelUpload,
	visibility: WirePublication["visibility"],
): Extract<WireBatchItem, { commit: unknown }> {
	const id = new Uint8Array(Buffer.from(name.split("/")[1]!, "hex"));
	const extent = Math.max(-1, ...upload.chunks.keys()) + 1;
	const bytes = Buffer.concat(
		Array.from({ length: extent }, (_, i) => upload.chunks.get(i)?.bytes ?? bytesOf(9, S)),
	);
	const size = BigInt(upload.size ?? bytes.length);
	return { commit: { id, size, ...publication(rootOf(bytes, S), { visibility }) } };
}
