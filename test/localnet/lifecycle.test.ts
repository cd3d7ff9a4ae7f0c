/** Starting and disposing of networks: no handle, port or timer is left. */
import { expect, test } from "vitest";
import { createNetwork, type Middleware } from "../../src/localnet/index.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, createCanister, deploy, manage } from "./support/deploy.js";
import { encode, post } from "./support/raw.js";
import { canister, probe } from "./support/wat.js";

const handles = () =>
	process.getActiveResourcesInfo().filter((name) => !/^(Immediate|TickObject)/.test(name));

test("disposing leaves nothing behind, whatever was going on", async () => {
	const before = handles().sort();
	const network = await createNetwork();
	const agent = await agentFor(network);
	const armed = `(func (export "canister_init")
			(drop (call $global_timer_set (i64.add (call $time) (i64.const 3600000000000)))))
		(func (export "canister_global_timer"))`;
	await deploy(agent, canister(armed));
	await deploy(agent, canister(`(func (export "canister_heartbeat"))`));
	network.setConditions({ profile: "mainnet", latencyMs: 60_000, uplinkBytesPerSecond: 1 });
	network.requests.clear();
	const status = fetch(`${network.url}/api/v2/status`).catch(() => "closed");
	const body = new Uint8Array(100_000);
	const upload = fetch(`${network.url}/`, { method: "POST", body }).catch(() => "closed");
	await expect.poll(() => network.requests.count()).toBe(1);
	network.tick();
	await network.dispose();
	await network.dispose();
	expect([await status, await upload]).toEqual(["closed", "closed"]);
	await expect(fetch(`${network.url}/api/v2/status`)).rejects.toThrow();
	await expect.poll(() => handles().filter((name) => !before.includes(name)), { timeout: 5_000 }).toEqual([]);
});

test("`await using` disposes", async () => {
	let url = "";
	{
		await using network = await createNetwork();
		url = network.url;
		expect((await fetch(`${url}/api/v2/status`)).status).toBe(200);
	}
	await expect(fetch(`${url}/api/v2/status`)).rejects.toThrow();
});

test("a taken port is an error", async () => {
	await using network = await createNetwork();
	const port = Number(new URL(network.url).port);
	await expect(createNetwork({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a seed makes keys and canister ids the same again", async () => {
	await using first = await createNetwork({ seed: "one" });
	await using second = await createNetwork({ seed: "one" });
	await using other = await createNetwork({ seed: "two" });
	expect(first.rootKey).toEqual(second.rootKey);
	expect(first.rootKey).not.toEqual(other.rootKey);
	const ids = await Promise.all(
		[first, second].map(async (net) => (await createCanister(await agentFor(net))).toText()),
	);
	expect(ids[0]).toBe(ids[1]);
});

test("blocks at an interval take what came in between, up to 4 MiB", async () => {
	await using network = await createNetwork({ conditions: { blockIntervalMs: 1_000 } });
	const agent = await agentFor(network);
	const id = await deploy(
		agent,
		canister(`(func (export "canister_update time")
			(i64.store (i32.const 0) (call $time))
			(call $msg_reply_data_append (i32.const 0) (i32.const 8))
			(call $msg_reply))`),
	);
	const times = async (count: number, bytes: number) => {
		const bodies = await Promise.all(
			Array.from({ length: count }, (_, nonce) => {
				const content = { request_type: "call", canister_id: id.toUint8Array(), method_name: "time" };
				return encode({ content: { ...content, arg: new Uint8Array(bytes), nonce: Uint8Array.of(nonce) } });
			}),
		);
		const answers = await Promise.all(
			bodies.map((body) => post(network.url, `/api/v4/canister/${id}/call`, body)),
		);
		const certificates = answers.map(({ body }) =>
			Buffer.from((body as { certificate: Uint8Array }).certificate),
		);
		// `reply` as a label, then a leaf of eight bytes.
		const marker = Buffer.from("457265706c7982034" + "8", "hex");
		return new Set(certificates.map((bytes) => bytes.readBigUInt64LE(bytes.indexOf(marker) + marker.length)))
			.size;
	};
	expect(await times(20, 10)).toBeLessThanOrEqual(2);
	expect(await times(5, 2_000_000)).toBeGreaterThanOrEqual(3);
});

test("a middleware sees requests and replies, and can answer, repeat or drop them", async () => {
	let mode: "pass" | "busy" | "twice" | "drop" = "pass";
	const seen: string[] = [];
	const middleware: Middleware = async (request, next) => {
		seen.push(request.url.replace(/.*\//, ""));
		if (mode === "busy") return { status: 429, headers: { "retry-after": "1" }, body: Buffer.from("busy") };
		const reply = await next(request);
		if (mode === "twice") await next(request);
		return mode === "drop" ? "drop" : reply;
	};
	await using network = await createNetwork({ middleware });
	const agent = await agentFor(network);
	const id = await deploy(agent, await probe());
	const count = async () => Buffer.from(await queryCanister(agent, id, "inc_query")).readUInt32LE() - 1;
	mode = "busy";
	await expect(callCanister(agent, id, "inc")).rejects.toThrow("429");
	mode = "twice";
	await callCanister(agent, id, "inc");
	mode = "pass";
	expect(await count()).toBe(1);
	mode = "drop";
	await expect(callCanister(agent, id, "inc")).rejects.toThrow();
	mode = "pass";
	expect(await count()).toBe(2);
	expect(seen).toContain("read_state");
});

test("a module in chunks, compressed, is installed", async () => {
	const { gzipSync } = await import("node:zlib");
	const { createHash } = await import("node:crypto");
	await using network = await createNetwork();
	const agent = await agentFor(network);
	const canister_id = await createCanister(agent);
	const wasm = gzipSync(await probe());
	const half = Math.ceil(wasm.length / 2);
	const hashes: unknown[] = [];
	for (const chunk of [wasm.subarray(0, half), wasm.subarray(half)]) {
		hashes.push(await manage(agent, "upload_chunk", { canister_id, chunk }));
	}
	expect(await manage(agent, "stored_chunks", { canister_id })).toEqual(hashes);
	const args = {
		mode: { install: null },
		target_canister: canister_id,
		store_canister: [],
		chunk_hashes_list: hashes,
		arg: new Uint8Array(0),
	};
	const install = (wasm_module_hash: Uint8Array) =>
		manage(agent, "install_chunked_code", { ...args, wasm_module_hash }, canister_id);
	await expect(install(new Uint8Array(32))).rejects.toThrow("does not match given hash");
	const hash = createHash("sha256").update(wasm).digest();
	await install(hash);
	const status = (await manage(agent, "canister_status", { canister_id })) as { module_hash: [Uint8Array] };
	expect(Buffer.from(status.module_hash[0])).toEqual(hash);
	expect(Buffer.from(await callCanister(agent, canister_id, "echo", Buffer.from("hi"))).toString()).toBe(
		"hi",
	);
	await manage(agent, "clear_chunk_store", { canister_id });
	await expect(install(hash)).rejects.toThrow("was not found");
	await expect(
		manage(agent, "upload_chunk", { canister_id, chunk: new Uint8Array(1_048_577) }),
	).rejects.toThrow("exceeds the maximum chunk size");
});
