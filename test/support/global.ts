import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildCanister } from "../../examples/support/build.js";

declare module "vitest" {
	interface ProvidedContext {
		/** Paths of the built, linked Wasm of the examples. */
		wasm: { store: string; guestbook: string };
	}
}

/** Builds the example canisters once for all tests, the way that a user would: azle, then the linker. */
export default async function setup(project: TestProject): Promise<void> {
	const examples = join(import.meta.dirname, "../../examples");
	await buildCanister(join(examples, "store"), "store");
	await buildCanister(join(examples, "beside"), "guestbook");
	project.provide("wasm", {
		store: join(examples, "store/store.wasm"),
		guestbook: join(examples, "beside/guestbook.wasm"),
	});
}
