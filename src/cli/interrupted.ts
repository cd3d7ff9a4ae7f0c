/** Ends by SIGINT, as from a terminal, or SIGTERM. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Resolves at the first such signal. The second one ends the process at once. */
export function interrupted(): Promise<void> {
	return new Promise((resolve) => {
		const end = () => {
			for (const signal of SIGNALS) process.off(signal, end);
			resolve();
		};
		for (const signal of SIGNALS) process.on(signal, end);
	});
}
