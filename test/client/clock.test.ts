import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { VirtualTime } from "../faults/support/time.js";
import { World } from "../faults/support/world.js";
import { newId } from "../support/store.js";
import { bytesOf, S } from "../support/transfers.js";

/** Machines with a wrong clock: the network rejects requests that have expired or expire too late. */

const MINUTE = 60_000;

const world = new World(new VirtualTime());
beforeAll(() => world.open());
afterEach(() => world.time.setSkew(0));
afterAll(() => world.dispose());

describe.each([
	["behind", 8],
	["ahead", -8],
	["a day ahead", -1_440],
])("a clock that is %s", (_, minutes) => {
	it("is set right by the first refusal, whatever is asked first", async () => {
		const bytes = bytesOf(3 * S + 100);
		const key = `clock/${Buffer.from(newId()).toString("hex")}`;
		async function* source() {
			yield bytes;
		}
		const { identity } = await world.actor();
		world.time.setSkew(minutes * MINUTE);
		const client = () => world.client({ identity });
		const run = async () => {
			await client().upload(source(), { key }).done;
			expect(Buffer.compare(await client().download(key).bytes(), bytes)).toBe(0);
			expect((await client().stat(key)).size).toBe(bytes.length);
			const listed = [];
			for await (const entry of client().list({ prefix: key })) listed.push(entry);
			expect(listed.length).toBe(1);
			expect((await client().delete(key)).deleted).toBe(true);
		};
		// A request or two more for each client, no wait until something expires.
		await world.time.run(run(), MINUTE);
	});
});
