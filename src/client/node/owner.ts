import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** Whether the process behind a tag still runs; `unknown` where it ran on another machine or in another container. */
export type Life = "alive" | "dead" | "unknown";

let tag: Promise<string> | undefined;

/** Names this process: `<machine>.<pid>.<start>`, so that no later process with the same number is taken for it. */
export function ownTag(): Promise<string> {
	tag ??= Promise.all([machine(), statusOf(process.pid)]).then(
		([where, status]) => `${where}.${process.pid}.${status?.start ?? "0"}`,
	);
	return tag;
}

export async function lifeOf(owner: string): Promise<Life> {
	const [where, pid, start] = owner.split(".");
	if (where !== (await machine())) return "unknown";
	if (!isRunning(Number(pid))) return "dead";
	const status = await statusOf(Number(pid));
	// Without /proc a process with the same number counts as the same one: the safe side.
	if (status === undefined) return "alive";
	return status.start === start && !status.isZombie ? "alive" : "dead";
}

/** Where numbers of processes mean the same: one boot of one machine, and one namespace of processes in it. */
async function machine(): Promise<string> {
	const [boot, namespace] = await Promise.all([
		readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => ""),
		readlink("/proc/self/ns/pid").catch(() => ""),
	]);
	return createHash("sha256").update([hostname(), boot, namespace].join("\n")).digest("hex").slice(0, 12);
}

function isRunning(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		// It runs as another user.
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** State and start time in ticks since boot, from `/proc/<pid>/stat` (proc_pid_stat(5), fields 3 and 22). */
async function statusOf(pid: number): Promise<{ isZombie: boolean; start: string } | undefined> {
	const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
	if (text === undefined) return undefined;
	// The name before it may itself hold spaces and parentheses.
	const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
	return { isZombie: fields[0] === "Z" || fields[0] === "X", start: fields[19] ?? "0" };
}
