import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodePorts } from "../../src/client/node/ports.js";
import type { Ports } from "../../src/client/platform/ports.js";
import { type FaultKind, KINDS } from "./support/faults.js";
import { checkLeaks } from "./support/leaks.js";
import { Matrix } from "./support/matrix.js";
import { commit, type Operation, putBlob } from "./support/operations.js";
import { statesOf } from "./support/states.js";
import { VirtualTime } from "./support/time.js";
import { World } from "./support/world.js";

/** The matrix detects faulty clients: with each fault built in, it fails. */

let world: World<VirtualTime>;
beforeAll(async () => {
	world = new World(new VirtualTime());
	await world.open("bls");
});
afterAll(() => world.dispose());

const kindNamed = (name: string): FaultKind => {
	const kind = KINDS.find((each) => each.name === name);
	if (!kind) throw new Error(`no kind is named ${name}`);
	return kind;
};

/** What the matrix says of a client on such a platform. */
async function found(operation: Operation, kind: string, platform: Ports): Promise<string[]> {
	const matrix = new Matrix(world, operation, platform);
	await matrix.count();
	return matrix.run(kindNamed(kind));
}

describe("the matrix notices", () => {
	test("a client that takes any certificate for good", async () => {
		const wrong = await found(commit, "signed by somebody else from here on", {
			...nodePorts,
			blsVerify: () => true,
		});
		expect(wrong.join("\n")).toContain("ended with success, not certificate_invalid");
	});

	test("one that waits for ever", async () => {
		const wrong = await found(putBlob, "lost before arrival", {
			...nodePorts,
			sleep: () => new Promise(() => {}),
		});
		expect(wrong.join("\n")).toContain("not at its end after");
	});

	test("one that takes longer than it may", async () => {
		const wrong = await found(putBlob, "lost before arrival", {
			...nodePorts,
			sleep: (ms, signal) => nodePorts.sleep(ms + 12 * 60_000, signal),
		});
		expect(wrong.join("\n")).toContain("not at its end after");
	});

	test("one that fails with an error of no type", async () => {
		const wrong = await found(putBlob, "503", {
			...nodePorts,
			sleep: () => Promise.reject(new Error("no")),
		});
		expect(wrong.join("\n")).toContain("no");
	});

	test("a blob that is there and should not be, one of other bytes, and half of a batch", async () => {
		const matrix = new Matrix(world, putBlob);
		await matrix.count();
		const [{ subject, ...rest }] = matrix.remains as [(typeof matrix.remains)[0]];
		const states = new Map([...subject.blobs.keys()].map((key) => [key, "absent"] as const));
		const wrong = await checkLeaks(world, [{ ...rest, subject, states }]);
		expect(wrong.join("\n")).toContain("blobs of the quota is 1, not 0");
		const blobs = new Map([...subject.blobs].map(([key, bytes]) => [key, bytes.map((byte) => byte ^ 1)]));
		await expect(statesOf(world, { ...subject, blobs })).rejects.toThrow("holds other bytes");
		const half = new Map([...subject.blobs, ["faults/never", new Uint8Array(1)]]);
		await expect(statesOf(world, { ...subject, blobs: half }, { isTogether: true })).rejects.toThrow(
			"half of it",
		);
	});
});
