import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { MAX_OBJECT_BYTES, type Sink } from "./sink.js";

/** One requirement that a sink must meet. */
export interface SinkCheck {
	/** The requirement, in words. */
	readonly name: string;
	/**
	 * Rejects if the sink does not meet the requirement. Writes only under `prefix` and removes what it wrote.
	 * @param open opens the same place again, as another process would
	 */
	run(open: () => Sink | Promise<Sink>, prefix: string): Promise<void>;
}

/** The result of one check. */
export interface SinkCheckResult {
	/** The requirement, in words. */
	readonly name: string;
	/** Why the sink fails the check; undefined if it passes. */
	readonly error: Error | undefined;
}

const text = (value: string) => Buffer.from(value);

async function read(sink: Sink, name: string): Promise<string | undefined> {
	const bytes = await sink.get(name, 0, MAX_OBJECT_BYTES);
	return bytes && Buffer.from(bytes).toString();
}

async function namesOf(sink: Sink, prefix: string): Promise<string[]> {
	const names: string[] = [];
	for await (const { name } of sink.list(prefix)) names.push(name);
	return names;
}

const check = (name: string, run: SinkCheck["run"]): SinkCheck => ({ name, run });

/** Concurrent writers that create the same name. */
const RIVALS = 16;
/** More than the largest page of any list. */
const MANY = 1_030;

/** All requirements of a repository. */
export const SINK_CHECKS: readonly SinkCheck[] = [
	check("what is not there has neither bytes nor size, and deleting it is no error", async (open, prefix) => {
		const sink = await open();
		strictEqual(await sink.get(`${prefix}none`, 0, 10), undefined);
		strictEqual(await sink.size(`${prefix}none`), undefined);
		await sink.delete(`${prefix}none`);
		deepStrictEqual(await namesOf(sink, prefix), []);
	}),
	check(
		"what is put is read whole by another process, and put again it is replaced",
		async (open, prefix) => {
			const sink = await open();
			const name = `${prefix}a/object`;
			await sink.put(name, text("first, and longer"));
			strictEqual(await read(await open(), name), "first, and longer");
			await sink.put(name, text("second"));
			strictEqual(await read(await open(), name), "second");
			strictEqual(await (await open()).size(name), 6);
		},
	),
	check("ranges are cut where the object ends", async (open, prefix) => {
		const sink = await open();
		await sink.put(`${prefix}range`, text("0123456789"));
		const range = async (start: number, length: number) =>
			Buffer.from((await sink.get(`${prefix}range`, start, length)) ?? "absent").toString();
		strictEqual(await range(0, 3), "012");
		strictEqual(await range(3, 4), "3456");
		strictEqual(await range(8, 100), "89");
		strictEqual(await range(9, 1), "9");
		strictEqual(await range(10, 5), "");
		strictEqual(await range(50, 5), "");
	}),
	check("an object of 32 MiB comes back whole and in parts", async (open, prefix) => {
		const sink = await open();
		const bytes = randomBytes(MAX_OBJECT_BYTES);
		await sink.put(`${prefix}large`, bytes);
		const whole = await (await open()).get(`${prefix}large`, 0, MAX_OBJECT_BYTES);
		ok(whole && bytes.equals(whole), "the whole differs");
		const part = await sink.get(`${prefix}large`, MAX_OBJECT_BYTES - 70_000, 70_000);
		ok(part && bytes.subarray(-70_000).equals(part), "the last 70,000 bytes differ");
	}),
	check("create writes what is not there, and leaves what is", async (open, prefix) => {
		const sink = await open();
		strictEqual(await sink.create(`${prefix}once`, text("first")), true);
		strictEqual(await (await open()).create(`${prefix}once`, text("second")), false);
		strictEqual(
			await sink.create(`${prefix}once`, text("first")),
			false,
			"the same bytes were created twice",
		);
		strictEqual(await read(sink, `${prefix}once`), "first");
		await sink.put(`${prefix}put`, text("put"));
		strictEqual(await sink.create(`${prefix}put`, text("created")), false);
		strictEqual(await read(sink, `${prefix}put`), "put");
	}),
	check(`of ${RIVALS} that create the same name at once exactly one is told so`, async (open, prefix) => {
		for (let round = 0; round < 5; round++) {
			const name = `${prefix}rivals-${round}`;
			const sinks = await Promise.all(Array.from({ length: RIVALS }, open));
			const won = await Promise.all(sinks.map((sink, index) => sink.create(name, text(`rival ${index}`))));
			const winners = won.flatMap((isWinner, index) => (isWinner ? [`rival ${index}`] : []));
			strictEqual(winners.length, 1, `${winners.length} were told that they created it`);
			strictEqual(await read(await open(), name), winners[0]);
		}
	}),
	check("readers see the old or the new object whole while it is replaced", async (open, prefix) => {
		const [writer, reader] = [await open(), await open()];
		const name = `${prefix}replaced`;
		const versions = ["a", "b"].map((letter) => letter.repeat(300_000));
		await writer.put(name, text(versions[0] as string));
		let isDone = false;
		const writing = (async () => {
			for (let turn = 1; turn <= 20; turn++) await writer.put(name, text(versions[turn % 2] as string));
			isDone = true;
		})();
		do ok(versions.includes((await read(reader, name)) as string), "a mixture was read");
		while (!isDone);
		await writing;
	}),
	check("what is deleted is gone for others at once, and can be created again", async (open, prefix) => {
		const sink = await open();
		const name = `${prefix}deleted`;
		await sink.put(name, text("there"));
		await sink.delete(name);
		strictEqual(await read(await open(), name), undefined);
		deepStrictEqual(await namesOf(await open(), name), []);
		strictEqual(await sink.create(name, text("again")), true);
	}),
	check("a list has what begins so, in byte order, with sizes", async (open, prefix) => {
		const sink = await open();
		const names = ["b/x/y/z", "a/2", "a/10", "a.b/1", "a-b", "a/1", "ab"];
		for (const name of names) await sink.put(`${prefix}list/${name}`, text(name));
		const listed = async (start: string) => {
			const found = await namesOf(await open(), `${prefix}list/${start}`);
			return found.map((name) => name.slice(prefix.length + 5));
		};
		deepStrictEqual(await listed(""), ["a-b", "a.b/1", "a/1", "a/10", "a/2", "ab", "b/x/y/z"]);
		deepStrictEqual(await listed("a/1"), ["a/1", "a/10"]);
		deepStrictEqual(await listed("b/x/"), ["b/x/y/z"]);
		deepStrictEqual(await listed("c"), []);
		for await (const { name, size } of sink.list(`${prefix}list/`))
			strictEqual(size, name.length - prefix.length - 5, name);
	}),
	check(`a list of ${MANY} objects is complete`, async (open, prefix) => {
		const sink = await open();
		const names = Array.from(
			{ length: MANY },
			(_, index) => `${prefix}many/${String(index).padStart(5, "0")}`,
		);
		for (let from = 0; from < MANY; from += 50)
			await Promise.all(names.slice(from, from + 50).map((name) => sink.put(name, text(name))));
		deepStrictEqual(await namesOf(await open(), `${prefix}many/`), names);
	}),
	check("names of 200 characters are taken", async (open, prefix) => {
		const sink = await open();
		const name = prefix + "n".repeat(200 - prefix.length);
		await sink.put(name, text("long"));
		strictEqual(await read(await open(), name), "long");
		deepStrictEqual(await namesOf(sink, prefix), [name]);
	}),
];

/**
 * Runs every check on a sink, one after the other, and removes what the checks wrote.
 * @param open opens the same place again, as another process would
 */
export async function checkSink(open: () => Sink | Promise<Sink>): Promise<SinkCheckResult[]> {
	const results: SinkCheckResult[] = [];
	for (const each of SINK_CHECKS) results.push({ name: each.name, error: await runSinkCheck(each, open) });
	return results;
}

/** Runs one check and removes what it wrote. @returns the failure; undefined if the sink passes */
export async function runSinkCheck(
	{ run }: SinkCheck,
	open: () => Sink | Promise<Sink>,
): Promise<Error | undefined> {
	const prefix = `check-${randomBytes(6).toString("hex")}/`;
	let failure: Error | undefined;
	try {
		await run(open, prefix);
	} catch (error) {
		failure = error instanceof Error ? error : new Error(String(error));
	}
	try {
		const sink = await open();
		for (const name of await namesOf(sink, prefix)) await sink.delete(name);
	} catch (error) {
		failure ??= error instanceof Error ? error : new Error(String(error));
	}
	return failure;
}
