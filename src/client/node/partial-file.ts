import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Life, lifeOf, ownTag } from "./owner.js";
import { syncDirectory } from "./sync-directory.js";
import type { Target } from "./target.js";

/**
 * The file that a download is written to before it takes its name. It stands in the target's directory under a hidden
 * name of its own, which says for which target it is, of which bytes, and whose: no call ever writes to the file of
 * another. One that a process left when it died is taken over by renaming it, which only one can do.
 */

const FREE = "free";
const NAME = /^\.cb-([0-9a-f]{16})-([0-9a-f]{32})-[0-9a-f]{12}-([0-9a-z.]+)\.part$/i;

/** Whether a file of this name could be taken for an unfinished download. */
export const isPartialName = (name: string): boolean => NAME.test(name);

/** Not defined on Windows, which has no such links without a privilege. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;
/** So that opening never waits, should a pipe stand there. */
const NONBLOCK = constants.O_NONBLOCK ?? 0;
const MAX_DONORS = 4;

interface Leftover {
	readonly path: string;
	/** Of the bytes that it is to hold. */
	readonly content: string;
	readonly life: Life;
	readonly size: bigint;
	/** Whether this process may write to it: a file of its user's own, with no other name. */
	readonly isOwn: boolean;
}

export class PartialFile {
	/** To be written to by this call alone. */
	readonly handle: FileHandle;
	/** Files to be read for chunks that they may have. */
	readonly donors: readonly FileHandle[];
	readonly #target: Target;
	readonly #path: string;
	readonly #free: string;
	readonly #obsolete: readonly Leftover[];

	private constructor(
		target: Target,
		paths: { own: string; free: string },
		handle: FileHandle,
		donors: readonly FileHandle[],
		obsolete: readonly Leftover[],
	) {
		this.#target = target;
		this.#path = paths.own;
		this.#free = paths.free;
		this.handle = handle;
		this.donors = donors;
		this.#obsolete = obsolete;
	}

	/**
	 * @param content names the bytes, 32 hex digits: nothing that was left of others is taken up
	 * @param reuse a file to be read beside those that were left
	 */
	static async open(
		target: Target,
		content: string,
		{ resume, reuse }: { resume: boolean; reuse: string | undefined },
	): Promise<PartialFile> {
		const found = await leftovers(target);
		const same = resume ? found.filter((each) => each.content === content) : [];
		const stem = `.cb-${tagOf(target)}-${content}-`;
		const nameOf = (owner: string) =>
			join(target.directory, `${stem}${randomBytes(6).toString("hex")}-${owner}.part`);
		const paths = { own: nameOf(await ownTag()), free: nameOf(FREE) };
		const handle = await takeOver(same, paths.own);
		const donors: FileHandle[] = [];
		for (const { path } of same.slice(0, MAX_DONORS)) {
			const donor = await open(path, constants.O_RDONLY | NOFOLLOW | NONBLOCK).catch(() => undefined);
			if (donor) donors.push(donor);
		}
		const old = reuse === undefined ? undefined : await open(reuse, "r").catch(() => undefined);
		if (old) donors.push(old);
		// With this content in place nothing that was left of it is of use, nor anything that a dead process left.
		const obsolete = found.filter(
			({ life, ...each }) => life === "dead" || (life === "unknown" && each.content === content),
		);
		return new PartialFile(target, paths, handle, donors, obsolete);
	}

	/**
	 * Gives the file the target's name, once it is on disk with exactly this size.
	 * @throws an error with a `code` where it cannot, or where another file has that name afterwards
	 */
	async publish(size: number): Promise<void> {
		const { handle } = this;
		await handle.truncate(size);
		await handle.sync();
		const own = await handle.stat({ bigint: true });
		if (!(await isAt(this.#path, own)))
			throw stale("its temporary file was removed or replaced by another program");
		await rename(this.#path, this.#target.path);
		await syncDirectory(this.#target.directory);
		if (!(await isAt(this.#target.path, own)))
			throw stale("another program has put its own file in its place meanwhile");
		for (const { path } of this.#obsolete) await rm(path, { force: true }).catch(() => {});
	}

	/** Leaves what has arrived for a later call, of this process or another. */
	async leave(): Promise<void> {
		const { size } = await this.handle.stat();
		if (size === 0) await rm(this.#path, { force: true });
		else await rename(this.#path, this.#free);
	}

	async close(): Promise<void> {
		for (const file of [this.handle, ...this.donors]) await file.close();
	}
}

const tagOf = ({ name }: Target): string => createHash("sha256").update(name).digest("hex").slice(0, 16);

/** What earlier calls left for this target, the largest first. */
async function leftovers(target: Target): Promise<Leftover[]> {
	// A directory that may be written to and not read has none to be found.
	const names = await readdir(target.directory).catch(() => []);
	const found: Leftover[] = [];
	for (const name of names) {
		const [, tag, content = "", owner = ""] = NAME.exec(name) ?? [];
		if (tag !== tagOf(target)) continue;
		const path = join(target.directory, name);
		const stats = await lstat(path, { bigint: true }).catch(() => undefined);
		if (!stats?.isFile()) continue;
		const life = owner === FREE ? "dead" : await lifeOf(owner);
		found.push({ path, content, life, size: stats.size, isOwn: isOwn(stats) });
	}
	return found.sort((a, b) => (a.size < b.size ? 1 : -1));
}

/** A second name would let another program write to it, or be another file altogether. */
const isOwn = (stats: BigIntStats): boolean =>
	stats.isFile() &&
	stats.nlink === 1n &&
	(process.geteuid === undefined || Number(stats.uid) === process.geteuid());

/** The largest file that a dead process left, under our name from now on; else a new one. */
async function takeOver(found: readonly Leftover[], own: string): Promise<FileHandle> {
	for (const { path, life, isOwn: mayTake } of found) {
		if (life !== "dead" || !mayTake) continue;
		try {
			await rename(path, own);
		} catch {
			// Another process was first.
			continue;
		}
		const handle = await open(own, constants.O_RDWR | NOFOLLOW | NONBLOCK).catch(() => undefined);
		if (handle && isOwn(await handle.stat({ bigint: true }))) return handle;
		await handle?.close();
		await rm(own, { force: true });
	}
	return open(own, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NOFOLLOW);
}

async function isAt(path: string, { dev, ino }: BigIntStats): Promise<boolean> {
	const found = await lstat(path, { bigint: true }).catch(() => undefined);
	return found?.dev === dev && found.ino === ino;
}

const stale = (reason: string): Error => Object.assign(new Error(reason), { code: "ESTALE" });
