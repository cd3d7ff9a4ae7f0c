/** Timers that end with the network, so that none keeps the process alive after `stop`. */
export class Timers {
	readonly #running = new Set<NodeJS.Timeout>();
	#stopped = false;

	after(ms: number, action: () => void): void {
		if (this.#stopped) return;
		const timer = setTimeout(() => {
			this.#running.delete(timer);
			action();
		}, ms);
		this.#running.add(timer);
	}

	/** Stays pending forever once the network has stopped: its caller is gone. */
	sleep(ms: number): Promise<void> {
		return new Promise((resolve) => this.after(ms, resolve));
	}

	stop(): void {
		this.#stopped = true;
		for (const timer of this.#running) clearTimeout(timer);
		this.#running.clear();
	}
}
