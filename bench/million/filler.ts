import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { polling } from "@dfinity/agent";
import { buildCanister } from "../../examples/support/build.js";
import type { StableMap } from "../../src/canister/host/ports.js";
import type { MeteredStore } from "../metered.js";

/** Builds stores that can be filled below the call interface, with the class in `canister/`. */

const MESSAGE_BYTES = 1_900_000;

/** Wasm of such a store. */
export async function buildFiller(workplace: string): Promise<Uint8Array> {
	const directory = join(workplace, "million");
	await mkdir(directory, { recursive: true });
	for (const file of ["dfx.json", "index.ts", "tsconfig.json"])
		await cp(join(import.meta.dirname, "canister", file), join(directory, file));
	return buildCanister(directory, "million");
}

/** A stable map in memory, whose records are copied into the canister. */
export class HeapMap implements StableMap {
	readonly #values = new Map<string, Uint8Array>();

	get(key: Uint8Array): Uint8Array | undefined {
		return this.#values.get(nameOf(key));
	}

	has(key: Uint8Array): boolean {
		return this.#values.has(nameOf(key));
	}

	set(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
		const before = this.get(key);
		this.#values.set(nameOf(key), value.slice());
		return before;
	}

	delete(key: Uint8Array): void {
		this.#values.delete(nameOf(key));
	}

	*records(): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
		for (const [name, value] of this.#values) yield [Buffer.from(name, "hex"), value];
	}
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString("hex");

/** Writes records into a map, as many per message as fit. */
export async function fill(
	store: MeteredStore,
	map: number,
	records: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
): Promise<void> {
	let parts: Uint8Array[] = [];
	let size = 0;
	const send = async () => {
		await callRaw(store, "fill", Buffer.concat(parts));
		parts = [];
		size = 0;
	};
	for (const [key, value] of records) {
		parts.push(Uint8Array.of(map), u32(key.length), key, u32(value.length), value);
		size += 9 + key.length + value.length;
		if (size > MESSAGE_BYTES) await send();
	}
	await send();
}

function u32(value: number): Uint8Array {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}

export async function callRaw(
	{ agent, canisterId }: MeteredStore,
	methodName: string,
	arg: Buffer,
): Promise<void> {
	const { requestId } = await agent.call(canisterId, { methodName, arg, effectiveCanisterId: canisterId });
	await polling.pollForResponse(agent, canisterId, requestId);
}
