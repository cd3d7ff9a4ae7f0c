/** Ends by SIGINT, as from a terminal, or SIGTERM. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Resolves with the first such signal. The second one ends the process at once. */
export function interrupted(): Promise<NodeJS.Signals> {
	return new Promise((resolve) => {
		const end = (name: NodeJS.Signals) => {
			for (const signal of SIGNALS) process.off(signal, end);
			resolve(name);
		};
		for (const signal of SIGNALS) process.on(signal, end);
	});
}

/** A signal that aborts a command then. */
export function interruption(): AbortSignal {
	const controller = new AbortController();
	void interrupted().then((name) => controller.abort(new Error(`interrupted by ${name}`)));
	return controller.signal;
}
