/** Ends by SIGINT, as from a terminal, SIGHUP, when that is closed, SIGTERM, or the end of what takes the output. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What ends by itself when it is told to. */
const waiting = new Set<(reason: string) => void>();

/** Tells everything that waits to end. @returns whether anything does; else the process may just end */
export function interrupt(reason: string): boolean {
	const told = [...waiting];
	for (const end of told) end(reason);
	return told.length > 0;
}

/** Resolves with the reason, once there is one. The second signal ends the process at once. */
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

/** A signal that aborts a command then. */
export function interruption(): AbortSignal {
	const controller = new AbortController();
	void interrupted().then((reason) => controller.abort(new Error(`interrupted by ${reason}`)));
	return controller.signal;
}
