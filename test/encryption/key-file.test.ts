import { inspect } from "node:util";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { identitiesIn, KeyFile, MasterKey } from "../../src/encryption/index.js";

const cheap = { logN: 14 };
const newIdentity = async () => {
	const identity = await generateIdentity();
	return { identity, recipient: await identityToRecipient(identity) };
};
const secretOf = (key: MasterKey) => Buffer.from(key.secret).toString("hex");

describe("C121 a master key is wrapped for those who may use it", () => {
	test("holders of age identities and of a passphrase, each by itself, and after it was written and read", async () => {
		const master = await MasterKey.random();
		const [ann, bob] = [await newIdentity(), await newIdentity()];
		const first = await KeyFile.wrap(master, { recipient: ann.recipient, note: "ann" });
		const second = await first.add(master, { passphrase: "five words of the test", ...cheap });
		const file = KeyFile.parse(`${second}`);
		expect(file.slots).toEqual(second.slots);
		expect(file.slots.map(({ type, note }) => [type, note])).toEqual([
			["age", "ann"],
			["scrypt", undefined],
		]);
		for (const secrets of [
			{ identities: [bob.identity, ann.identity] },
			{ passphrase: "five words of the test" },
		])
			expect(secretOf(await file.open(secrets))).toBe(secretOf(master));
		for (const secrets of [{}, { identities: [bob.identity] }, { passphrase: "five words" }])
			await expect(file.open(secrets)).rejects.toMatchObject({ code: "key_file_locked" });
		expect(`${file}`).not.toContain(secretOf(master));
	});

	test("one is taken away, and another passphrase put in the place of one, without the master key's being another", async () => {
		const master = await MasterKey.random();
		const ann = await newIdentity();
		const file = await KeyFile.wrap(master, { passphrase: "the old one", ...cheap });
		const [slot] = file.slots;
		expect(() => file.remove(slot!.id)).toThrowError(expect.objectContaining({ code: "key_slot_last" }));
		const changed = (await file.add(master, { passphrase: "the new one", ...cheap })).remove(slot!.id);
		await expect(changed.open({ passphrase: "the old one" })).rejects.toMatchObject({
			code: "key_file_locked",
		});
		expect((await changed.open({ passphrase: "the new one" })).id).toBe(master.id);
		const both = await changed.add(master, { recipient: ann.recipient });
		expect((await both.open({ identities: [ann.identity] })).id).toBe(master.id);
		expect(() => both.remove("ffffffff0")).toThrowError(
			expect.objectContaining({ code: "key_slot_not_found" }),
		);
		const other = await MasterKey.random();
		await expect(both.add(other, { passphrase: "x", ...cheap })).rejects.toMatchObject({
			code: "key_file_invalid",
		});
	});

	const CHANGES: [string, (text: string) => string][] = [
		["of a cost that takes all memory", (text) => text.replace('"logN":14', '"logN":30')],
		["of a cost that is no protection", (text) => text.replace('"logN":14', '"logN":1')],
		["of another version", (text) => text.replace('"version":1', '"version":2')],
		["without slots", (text) => text.replace(/\[[\s\S]*\]/, "[]")],
		["of another kind", (text) => text.replace("canister-blobs key", "something")],
		["that is not JSON", (text) => text.slice(1)],
		["whose slot holds nothing", (text) => text.replace(/"wrapped":"[^"]*"/, '"wrapped":""')],
	];
	test.each(CHANGES)("a file %s is refused before anything is derived", async (_, change) => {
		const file = await KeyFile.wrap(await MasterKey.random(), { passphrase: "p", ...cheap });
		expect(() => KeyFile.parse(change(`${file}`))).toThrowError(
			expect.objectContaining({ code: expect.stringMatching(/^key_file_(invalid|unsupported)$/) }),
		);
	});

	test("a slot of another master key does not pass for that of the file", async () => {
		const [one, two] = [await MasterKey.random(), await MasterKey.random()];
		const ann = await newIdentity();
		const file = await KeyFile.wrap(one, { recipient: ann.recipient });
		const exchanged = `${await KeyFile.wrap(two, { recipient: ann.recipient })}`.replace(two.id, file.master);
		await expect(KeyFile.parse(exchanged).open({ identities: [ann.identity] })).rejects.toMatchObject({
			code: "key_file_invalid",
		});
	});
});

describe("C52 no secret shows", () => {
	const secret = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ";
	const shownBy = (error: unknown) => `${inspect(error, { depth: 9, showHidden: true })}`.toLowerCase();

	test("in the error of an identity that cannot be read, which libraries quote", async () => {
		const ann = await newIdentity();
		const file = await KeyFile.wrap(await MasterKey.random(), { recipient: ann.recipient });
		const error = await file.open({ identities: [secret] }).catch((failure: unknown) => failure);
		expect(error).toMatchObject({ code: "key_secret_invalid" });
		expect(shownBy(error)).not.toContain("qqqqqqqqqq");
		expect(() => identitiesIn(`# mine\n${secret}\n`)).not.toThrow();
		for (const text of [`x${secret}`, "not a key: hunter2"])
			try {
				identitiesIn(text);
				expect.unreachable();
			} catch (failure) {
				expect(shownBy(failure)).not.toMatch(/hunter2|qqqqqqqqqq/);
			}
	});

	test("in the error of a passphrase, nor of a key that is printed", async () => {
		const master = await MasterKey.random();
		const file = await KeyFile.wrap(master, { passphrase: "hunter2", ...cheap });
		const error = await file.open({ passphrase: "hunter3" }).catch((failure: unknown) => failure);
		expect(shownBy(error)).not.toContain("hunter3");
		const printed = inspect([master, file], { depth: 9, showHidden: true }) + JSON.stringify([master, file]);
		expect(printed).not.toContain(secretOf(master));
		expect(printed).not.toMatch(/Uint8Array|hunter2/);
	});
});
