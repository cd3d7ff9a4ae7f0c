import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isBlobError } from "../../src/client/index.js";
import type { SeenRequest } from "../../src/localnet/index.js";
import { ACTS } from "./support/acts.js";
import { checkLeaks, type Remains } from "./support/leaks.js";
import {
	batch,
	commit,
	download,
	type Operation,
	putBlob,
	putMany,
	remove,
	resume,
	type Subject,
	uploadStream,
} from "./support/operations.js";
import { bundleCall, CallingProcess, type ProcessEnd } from "./support/process.js";
import { RealTime } from "./support/real-time.js";
import { sample } from "./support/sample.js";
import { statesOf } from "./support/states.js";
import { type Actor, World } from "./support/world.js";

/** A process that is really killed at each of its requests: on arrival, and after execution. */

const world = new World(new RealTime());
const remains: Remains[] = [];
let directory: string;
/** What each process runs. */
let script: string;
let cases = 0;

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-"));
	script = await bundleCall(directory);
	await world.open();
});
afterAll(async () => {
	await world.dispose();
	await rm(directory, { recursive: true });
});

/** @param actor who does the cases of one operation, each with keys of its own */
async function prepare({ prepare, act }: Operation, actor: Actor): Promise<Subject> {
	const subject = await prepare(actor);
	return act === "download" ? { ...subject, path: join(directory, String(cases)) } : subject;
}

function start({ act }: Operation, { actor, ...matter }: Subject): CallingProcess {
	const { url, rootKey } = world.network;
	const secretKey = new Uint8Array(actor.identity.getKeyPair().secretKey);
	const canisterId = world.canisterId.toText();
	return new CallingProcess(script, { url, rootKey, canisterId, secretKey, act, matter });
}

/** The requests that a process makes which is not killed. */
async function requestsOf(operation: Operation, actor: Actor): Promise<readonly SeenRequest[]> {
	const subject = await prepare(operation, actor);
	world.network.requests.clear();
	expect(await start(operation, subject).end).toBe("success" satisfies ProcessEnd);
	const made = [...world.network.requests.entries];
	await close(`${operation.name}, not killed`, operation, subject);
	return made;
}

/** It was done in the end. */
async function close(name: string, operation: Operation, subject: Subject): Promise<void> {
	const states = await statesOf(world, subject, operation);
	for (const state of states.values()) expect(state, name).toBe(operation.success);
	remains.push({ name, subject, states });
}

test.each([uploadStream, resume, commit, putBlob, putMany, batch, download, remove])(
	"$name: whatever request its process is killed at, the blob is whole or absent, and another process does it",
	async (operation) => {
		const actor = await world.actor();
		const requests = await requestsOf(operation, actor);
		expect(requests.length).toBeGreaterThan(0);
		for (const n of sample(requests)) {
			for (const fault of ["lost", "reply-lost"] as const) {
				cases++;
				const name = `${operation.name}, killed at request ${n + 1} of ${requests.length}, ${fault}`;
				const subject = await prepare(operation, actor);
				world.network.requests.clear();
				const victim = start(operation, subject);
				world.network.faults.when(({ index }) => {
					if (index !== n) return undefined;
					victim.kill();
					return fault;
				});
				expect(await victim.end, name).toBe("killed" satisfies ProcessEnd);
				world.network.faults.clear();
				const before = await statesOf(world, subject, operation);
				for (const state of before.values()) expect(operation.failure, name).toContain(state);
				const isFile = subject.path !== undefined && existsSync(subject.path);
				// Its last request is answered only after the file's last chunk was asked for.
				expect(isFile, name).toBe(false);
				await again(name, operation, subject, [...before.values()]);
				await close(name, operation, subject);
			}
		}
	},
	180_000,
);

/** Another process, which knows no more than what is to be done. */
async function again(name: string, operation: Operation, subject: Subject, before: readonly string[]) {
	try {
		await ACTS[operation.act](world.client(subject.actor), subject, () => {});
	} catch (error) {
		// It had its effect before, though nobody was told.
		const wasDone = before.every((state) => state === operation.success);
		const isSaid = operation.again !== undefined && isBlobError(error, operation.again);
		expect(wasDone && isSaid, `${name}, done again: ${error}`).toBe(true);
	}
}

test("nothing leaks, once uploads have expired and cleaning has run", async () => {
	process.stdout.write(`fault matrix: killed ${cases} cases\n`);
	await world.clean();
	expect(await checkLeaks(world, remains)).toEqual([]);
}, 120_000);
