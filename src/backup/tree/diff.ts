import { TreeCursor, type TreePages } from "./cursor.js";
import type { Entry } from "./entry.js";
import { isBefore } from "./page.js";

/** A key at which two trees differ. */
export interface Difference<T extends Entry> {
	readonly key: string;
	/** Entry in the first tree. */
	readonly before: T | undefined;
	/** Entry in the second tree. */
	readonly after: T | undefined;
}

/** Differences between two trees, in order of keys. Pages that both share are not read. */
export async function* diffTrees<T extends Entry>(
	pages: TreePages<T>,
	before: string,
	after: string,
): AsyncGenerator<Difference<T>> {
	if (before === after) return;
	const [a, b] = [await TreeCursor.at(pages, before), await TreeCursor.at(pages, after)];
	for (;;) {
		const [left, right] = [a.position, b.position];
		if (left === undefined && right === undefined) return;
		if (left?.kind === "page" && right?.kind === "page") {
			if (left.ref.page === right.ref.page && left.level === right.level) {
				a.skip();
				b.skip();
			} else {
				// Open the higher page, so that both cursors reach the level at which the trees share pages.
				if (left.level >= right.level) await a.descend();
				if (right.level >= left.level) await b.descend();
			}
		} else if (left?.kind === "page") await a.descend();
		else if (right?.kind === "page") await b.descend();
		else {
			const [old, now] = [left?.entry, right?.entry];
			const isOld = old !== undefined && (now === undefined || !isBefore(now.key, old.key));
			const isNow = now !== undefined && (old === undefined || !isBefore(old.key, now.key));
			const key = (isOld ? old.key : now?.key) as string;
			const isSame = isOld && isNow && isAlike(pages, old, now);
			if (isOld) a.skip();
			if (isNow) b.skip();
			if (!isSame) yield { key, before: isOld ? old : undefined, after: isNow ? now : undefined };
		}
	}
}

const isAlike = <T extends Entry>({ codec }: TreePages<T>, a: T, b: T): boolean =>
	JSON.stringify(codec.encode(a)) === JSON.stringify(codec.encode(b));
