import { MAX_ITEMS, MAX_KEY_SEGMENTS, MAX_METADATA_ENTRIES } from "../../src/protocol/index.js";
import type { Shape } from "./shape.js";

const OVER = ["nothing", "public", "private"] as const;
const MOST_VALUES = 12_000;
/** Size of a blob without metadata, and of a metadata entry (PROTOCOL.md, "Bounds"). */
const VALUES = { blob: 12, entry: 3 } as const;

/** A message holds fewer items if each has metadata. */
function within(shape: Shape): Shape {
	const most = Math.floor(MOST_VALUES / (VALUES.blob + VALUES.entry * shape.metadata));
	return { ...shape, items: Math.min(shape.items, most), shared: Math.min(shape.shared, shape.segments - 1) };
}

/** A random shape within the protocol's bounds. */
export function anyShape(random: () => number): Shape {
	const upTo = (most: number) => 1 + Math.floor(random() * most);
	const segments = upTo(MAX_KEY_SEGMENTS);
	return within({
		items: upTo(MAX_ITEMS),
		segments,
		shared: Math.floor(random() * segments),
		segmentBytes: 6 + upTo(25),
		isPrivate: random() < 0.5,
		over: OVER[Math.floor(random() * OVER.length)] ?? "nothing",
		metadata: random() < 0.7 ? 0 : upTo(MAX_METADATA_ENTRIES),
		isSorted: random() < 0.5,
	});
}

/** A shape with one property of another shape. */
export function changed(shape: Shape, random: () => number): Shape {
	const other = anyShape(random);
	const names = Object.keys(shape) as (keyof Shape)[];
	const name = names[Math.floor(random() * names.length)] ?? "items";
	return within({ ...shape, [name]: other[name] });
}
