/** Works on several inputs at a time and yields the results in the order of the inputs. */
export async function* inOrder<A, B>(
	source: AsyncIterable<A> | Iterable<A>,
	width: number,
	work: (each: A) => Promise<B>,
): AsyncGenerator<B> {
	const underWay: Promise<B>[] = [];
	try {
		for await (const each of source) {
			const result = work(each);
			// Awaited when its turn comes.
			result.catch(() => {});
			underWay.push(result);
			if (underWay.length >= width) yield await (underWay.shift() as Promise<B>);
		}
		while (underWay.length > 0) yield await (underWay.shift() as Promise<B>);
	} finally {
		await Promise.allSettled(underWay);
	}
}
