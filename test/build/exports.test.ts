import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { HTTP_METHODS, METHODS } from "../../src/protocol/index.js";
import { readDocument, sectionOf } from "../docs/document.js";

/** Exports of the built, linked Wasm to callers and to the system. */

/** Queries and an update of Azle's template, on every canister that Azle builds. */
const AZLES = [
	"canister_query _azle_actions_len",
	"canister_query _azle_get_benchmarks",
	"canister_query _azle_heap_allocation",
	"canister_query _azle_inter_canister_call_futures_len",
	"canister_query _azle_is_job_queue_empty",
	"canister_query _azle_reject_callbacks_len",
	"canister_query _azle_resolve_callbacks_len",
	"canister_query _azle_timer_callbacks_len",
	"canister_update <ic-cdk internal> timer_executor",
	"canister_update _azle_chunk",
];
const SYSTEMS = [
	"canister_global_timer",
	"canister_init",
	"canister_inspect_message",
	"canister_post_upgrade",
];

let entryPoints: string[];
beforeAll(() => {
	const module = new WebAssembly.Module(readFileSync(inject("wasm").store));
	entryPoints = WebAssembly.Module.exports(module)
		.map(({ name }) => name)
		.filter((name) => name.startsWith("canister_"))
		.sort();
});

describe("C06 exported are only", () => {
	test("the methods of the protocol, Azle's own, and the system's entry points", () => {
		const own = Object.entries({ ...METHODS, ...HTTP_METHODS }).map(
			([name, { kind }]) => `canister_${kind} ${name}`,
		);
		expect(entryPoints).toEqual([...own, ...AZLES, ...SYSTEMS].sort());
	});

	test("methods that PROTOCOL.md describes", () => {
		const documented = [...sectionOf(readDocument("PROTOCOL.md"), "Methods").matchAll(/^### `(\w+)`$/gm)];
		const exported = entryPoints.flatMap((name) => name.match(/ (blobs_\w+)$/)?.[1] ?? []);
		expect(exported.sort()).toEqual(documented.map(([, name]) => name).sort());
	});
});

test("C23 there is no pre_upgrade", () => {
	expect(entryPoints).not.toContain("canister_pre_upgrade");
});
