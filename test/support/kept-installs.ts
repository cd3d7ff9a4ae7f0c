import { Instance } from "../../dist/localnet/execution/instance.js";

/**
 * Installs a canister by what came of it when this process installed the same before. A start takes Azle 2.4 billion
 * instructions, most of them to read the JavaScript in the Wasm; what it leaves depends on the Wasm, the argument and
 * the time, all else is asked later. So a canister may take itself for some minutes older than it is. What the
 * installation took is told as the first time.
 */

type Enter = Instance["enter"];
type Message = Parameters<Enter>[1];

/** What an installation left. */
interface Kept {
	readonly arg: string;
	readonly state: ReturnType<Instance["capture"]>;
	readonly stable: Instance["canister"]["stable"];
	readonly took: ReturnType<Enter>;
	readonly heapPages: number;
	readonly written: ReturnType<Instance["canister"]["stable"]["commit"]>;
	readonly certifiedData: Message["certifiedData"];
	readonly globalTimer: Message["globalTimer"];
}

/** A network whose clock is further off lives in a time of its own. */
const SAME_TIME_MS = 10_000;

const { enter, commit } = Instance.prototype;
const kept = new WeakMap<Instance["module"], Kept>();
let isWanted = false;

/** Runs what installs, with what was installed before. */
export async function keepingInstalls<T>(run: () => Promise<T>): Promise<T> {
	isWanted = true;
	try {
		return await run();
	} finally {
		isWanted = false;
	}
}

const isInRealTime = ({ input }: Message) =>
	Math.abs(performance.timeOrigin + performance.now() - Number(input.time / 1_000_000n)) < SAME_TIME_MS;

Object.assign(Instance.prototype, {
	enter(this: Instance, entry, message) {
		const isStart = entry.kind === "export" && entry.name === "canister_init";
		if (!isStart || !isWanted || !isInRealTime(message)) return enter.call(this, entry, message);
		const arg = Buffer.from(message.input.arg ?? []).toString("hex");
		const before = kept.get(this.module);
		if (before?.arg === arg) return again(this, message, before);
		const took = enter.call(this, entry, message);
		if (!took.error) keep(this, message, { arg, took });
		return took;
	},
} satisfies { enter: Enter });

/** Keeps what this installation leaves, as soon as that is committed: first stable memory, then the heap. */
function keep(instance: Instance, message: Message, known: Pick<Kept, "arg" | "took">): void {
	const { module, canister } = instance;
	const { certifiedData, globalTimer } = message;
	const { stable } = canister;
	const whole: { written?: Kept["written"] } = {};
	stable.commit = () => {
		delete (stable as Partial<typeof stable>).commit;
		whole.written = stable.commit();
		return whole.written;
	};
	instance.commit = () => {
		delete (instance as Partial<Instance>).commit;
		const heapPages = instance.commit();
		const state = instance.capture();
		const { written } = whole;
		if (written && canister.stable === stable)
			kept.set(module, {
				...known,
				state,
				stable: stable.copy(),
				heapPages,
				written,
				certifiedData,
				globalTimer,
			});
		return heapPages;
	};
}

function again(instance: Instance, message: Message, before: Kept): ReturnType<Enter> {
	instance.load(before.state);
	const stable = before.stable.copy();
	stable.begin();
	stable.commit = () => {
		delete (stable as Partial<typeof stable>).commit;
		stable.commit();
		return before.written;
	};
	instance.canister.stable = stable;
	instance.commit = () => {
		delete (instance as Partial<Instance>).commit;
		commit.call(instance);
		return before.heapPages;
	};
	message.certifiedData = before.certifiedData;
	message.globalTimer = before.globalTimer;
	return before.took;
}
