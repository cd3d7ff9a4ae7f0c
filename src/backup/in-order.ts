/** Does work for what comes, so much at a time, and hands the results out in the order in which it came. */
export async function* inOrder<A, B>(
	source: AsyncIterable<A> | Iterable<A>,
	width: number,
	work: (each: A) => Promise<B>,
): AsyncGenerator<B> {
	const underWay: Promise<B>[] = [];
	try {
		for await (const each of source) {
			const result = work(each);
			// It is waited for in its turn.
			result.catch(() => {});
			underWay.push(result);
			if (underWay.length >= width) yield await (underWay.shift() as Promise<B>);
		}
		while (underWay.length > 0) yield await (underWay.shift() as Promise<B>);
	} finally {
		await Promise.allSettled(underWay);
	}
}
