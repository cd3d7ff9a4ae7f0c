import fc from "fast-check";
import type { WireStagedItem } from "../../../../src/protocol/index.js";
import { commitItem, putItem } from "./batch-commands.js";
import { blob, changeId, command, KEYS, opt, pick, preconditionOf, principal, who, whole } from "./draws.js";
import { type Model, numberOf } from "./model.js";

/** Staged batches of random histories. */

const NAMES = [40, 41].map((n) => new Uint8Array(16).fill(n));
const name = fc.constantFrom(...NAMES);
const kind = fc.constantFrom("put", "put", "put", "delete", "commit");

/** Often one that others may break before the reveal. */
const condition = fc.constantFrom(
	"none" as const,
	"none" as const,
	"none" as const,
	"absent" as const,
	"current" as const,
);

/** Mostly one that there is, by who staged it. */
function named<Parts extends { who: number; pick: number; name: Uint8Array }>(
	model: Model,
	parts: Parts,
): Parts {
	const { all } = model.staged;
	if (parts.pick === 0 || all.length === 0) return parts;
	const { owner, id } = all[parts.pick % all.length]!;
	return { ...parts, who: owner, name: id };
}

const stage = command(
	26,
	{
		who,
		id: changeId,
		pick,
		name,
		keys: fc.shuffledSubarray(KEYS, { minLength: 1 }),
		items: fc.array(fc.record({ ...whole, condition, kind, isRootRight: fc.integer({ min: 0, max: 19 }) }), {
			minLength: 1,
			// Of more the small ones share a slot, of which the model knows nothing.
			maxLength: 3,
		}),
	},
	(parts, model) => {
		const c = parts.pick > 3 ? named(model, parts) : blob(model, parts, parts.keys[0]!);
		const open = [...model.uploads].filter(([upload]) => upload.startsWith(`${c.who}/`));
		const free = [...parts.keys];
		const items = c.items.flatMap((its): WireStagedItem[] => {
			if (its.kind === "commit") {
				const upload = open.shift();
				return upload === undefined ? [] : [commitItem(upload[0], upload[1], its.visibility)];
			}
			const key = free.shift();
			if (key === undefined) return [];
			const precondition = preconditionOf(model, key, its.condition);
			if (its.kind === "delete") return [{ delete: { key, precondition } }];
			return [putItem(model, key, its, precondition)];
		});
		const some =
			items.length > 0 ? items : [{ delete: { key: parts.keys[0]!, precondition: { none: null } } }];
		return { who: c.who, method: "blobs_stage", args: [{ id: c.id, batch: c.name, items: some }] };
	},
);
const unstage = command(
	4,
	{ who, id: changeId, pick, name, keys: fc.subarray(KEYS, { minLength: 1 }) },
	(parts, model) => {
		const c = named(model, parts);
		return { who: c.who, method: "blobs_unstage", args: [{ id: c.id, batch: c.name, keys: c.keys }] };
	},
);
const reveal = command(18, { who, id: changeId, pick, name }, (parts, model) => {
	const c = named(model, parts);
	return { who: c.who, method: "blobs_reveal", args: [{ id: c.id, batch: c.name }] };
});
const drop = command(
	4,
	{ who, id: changeId, pick, name, owner: fc.option(principal, { freq: 2 }) },
	(parts, model) => {
		const c = named(model, parts);
		const by = c.owner !== null && c.pick % 2 === 1 ? 0 : c.who;
		const owner = c.owner !== null && by === 0 && numberOf(c.owner) !== c.who ? c.owner : null;
		return { who: by, method: "blobs_drop_batch", args: [{ id: c.id, batch: c.name, owner: opt(owner) }] };
	},
);

export const staging = [stage, unstage, reveal, drop];
