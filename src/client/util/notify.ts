/**
 * Calls what a caller gave to be told by. One that throws is its owner's fault, to be seen as such where such faults
 * are seen, and no reason for a transfer to fail.
 */
export function notify<Args extends unknown[]>(
	listener: ((...args: Args) => unknown) | undefined,
	...args: Args
): void {
	try {
		listener?.(...args);
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}
