/**
 * Iterates up to the point where the iterable itself throws, so that errors of the loop body are not mistaken for its
 * errors.
 */
export async function* untilBroken<T>(
	items: Iterable<T> | AsyncIterable<T>,
	broke: (error: unknown) => void,
): AsyncGenerator<T> {
	const all = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
	let isOver = false;
	try {
		for (;;) {
			let next: IteratorResult<T>;
			try {
				next = await all.next();
			} catch (error) {
				isOver = true;
				return broke(error);
			}
			isOver = next.done === true;
			if (next.done) return;
			yield next.value;
		}
	} finally {
		if (!isOver) await all.return?.();
	}
}
