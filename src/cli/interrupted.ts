/** Ends on SIGINT, as from a terminal; SIGHUP, when that is closed; SIGTERM; or when its output is closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Callbacks of operations that end by themselves when interrupted. */
const waiting = new Set<(reason: string) => void>();

/** Interrupts all waiting operations. @returns whether there are any; otherwise the process may exit */
export function interrupt(reason: string): boolean {
	const told = [...waiting];
	for (const end of told) end(reason);
	return told.length > 0;
}

/** Resolves with the reason of an interruption. The second signal ends the process at once. */
export function interrupted(signals: readonly NodeJS.Signals[] = SIGNALS): Promise<string> {
	return new Promise((resolve) => {
		const end = (reason: string) => {
			for (const signal of signals) process.off(signal, end);
			waiting.delete(end);
			resolve(reason);
		};
		for (const signal of signals) process.on(signal, end);
		waiting.add(end);
	});
}

/** A signal that aborts on an interruption. */
export function interruption(): AbortSignal {
	const controller = new AbortController();
	void interrupted().then((reason) => controller.abort(new Error(`interrupted by ${reason}`)));
	return controller.signal;
}
