/**
 * Calls a caller's callback. An exception in it is reported as an uncaught exception and does not fail the transfer.
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
