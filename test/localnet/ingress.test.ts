/** Acceptance of requests: sizes, expiry, delegations, duplicates, access to statuses, CORS. */
import { Cbor, hashOfMap } from "@dfinity/agent";
import { DelegationChain, DelegationIdentity, Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { agentFor, deploy, testIdentity } from "./support/deploy.js";
import { encode, inSeconds, post } from "./support/raw.js";
import { probe, withMetadata } from "./support/wat.js";

let network: Network;
let canister: Principal;
const identity = testIdentity(2);
const MESSAGE_LIMIT = 2 * 1024 * 1024 - 32;

beforeAll(async () => {
	network = await createNetwork({ signatures: "test" });
	canister = await deploy(await agentFor(network), withMetadata(await probe()));
});
afterAll(() => network?.dispose());

const path = (endpoint: string, version = 2) => `/api/v${version}/canister/${canister}/${endpoint}`;
const call = (more: Record<string, unknown> = {}) => ({
	request_type: "call",
	canister_id: canister.toUint8Array(),
	method_name: "echo",
	arg: new Uint8Array(0),
	...more,
});
const readState = (paths: (string | Uint8Array)[][]) => ({
	request_type: "read_state",
	paths: paths.map((labels) =>
		labels.map((label) => (typeof label === "string" ? Buffer.from(label) : label)),
	),
});

describe("sizes", () => {
	test("one message may have 2 MiB less 32 bytes, signed and encoded, and not one more", async () => {
		const rest =
			(await encode({ content: call({ arg: new Uint8Array(100_000) }), identity })).length - 100_000;
		const fits = await encode({ content: call({ arg: new Uint8Array(MESSAGE_LIMIT - rest) }), identity });
		expect(fits.length).toBe(MESSAGE_LIMIT);
		expect((await post(network.url, path("call", 4), fits)).body).toMatchObject({ status: "replied" });
		const tooLarge = await encode({
			content: call({ arg: new Uint8Array(MESSAGE_LIMIT - rest + 1) }),
			identity,
		});
		expect(await post(network.url, path("call", 4), tooLarge)).toMatchObject({
			status: 413,
			text: expect.stringContaining("error: payload_too_large"),
		});
	});

	test("a body past 5 MiB is refused, declared or not", async () => {
		const body = new Uint8Array(5 * 1024 * 1024 + 1);
		expect((await post(network.url, path("query"), body)).status).toBe(413);
		const stream = new ReadableStream({
			start(controller) {
				controller.enqueue(body);
				controller.close();
			},
		});
		const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
		const answer = await fetch(`${network.url}${path("query")}`, init).catch(() => undefined);
		if (answer) expect(answer.status).toBe(413);
	});
});

describe("authentication", () => {
	test("of anonymous requests: no signature, and reads whatever their expiry", async () => {
		const query = { ...call({ method_name: "echo_query" }), request_type: "query" };
		const expired = await encode({ content: { ...query, ingress_expiry: inSeconds(-1_000) } });
		expect((await post(network.url, path("query"), expired)).body).toMatchObject({ status: "replied" });
		const signed = await encode({ content: call(), envelope: { sender_sig: new Uint8Array(64) } });
		expect(await post(network.url, path("call"), signed)).toMatchObject({
			status: 400,
			text: expect.stringContaining("Signature is not allowed for anonymous sender"),
		});
	});

	test("by delegations: expiry, targets, permissions, cycles, length", async () => {
		const session = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(40));
		const delegated = async (expiry: Date, options = {}) =>
			DelegationIdentity.fromDelegation(
				session,
				await DelegationChain.create(identity, session.getPublicKey(), expiry, options),
			);
		const later = new Date(Date.now() + 60_000);
		const send = async (as: DelegationIdentity, content = call(), endpoint = "call") => {
			const { delegations } = as.getDelegation();
			const envelope = {
				sender_delegation: delegations.map(({ delegation, signature }) => ({
					delegation: {
						pubkey: new Uint8Array(delegation.pubkey),
						expiration: delegation.expiration,
						...(delegation.targets && { targets: delegation.targets.map((id) => id.toUint8Array()) }),
					},
					signature: new Uint8Array(signature),
				})),
			};
			return post(network.url, path(endpoint), await encode({ content, identity: as, envelope }));
		};
		expect((await send(await delegated(later))).status).toBe(202);
		expect((await send(await delegated(later, { targets: [canister] }))).status).toBe(202);
		const { Principal } = await import("@dfinity/principal");
		const elsewhere = await delegated(later, { targets: [Principal.fromText("aaaaa-aa")] });
		expect((await send(elsewhere)).text).toContain("is not one of the delegation targets");
		const status = await send(elsewhere, readState([["time"]]) as never, "read_state");
		expect(status.status).toBe(200);
		const expired = await send(await delegated(new Date(Date.now() - 1_000)));
		expect(expired.text).toContain("Specified sender delegation has expired");

		const toItself = await DelegationChain.create(identity, identity.getPublicKey(), later);
		expect((await send(DelegationIdentity.fromDelegation(identity, toItself))).text).toContain(
			"at least one cycle",
		);

		let chain = await DelegationChain.create(identity, session.getPublicKey(), later);
		let last = session;
		for (let i = 0; i < 20; i++) {
			const next = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(50 + i));
			chain = await DelegationChain.create(last, next.getPublicKey(), later, { previous: chain });
			last = next;
		}
		expect((await send(DelegationIdentity.fromDelegation(last, chain))).text).toContain("too long: got 21");

		const delegation = {
			pubkey: new Uint8Array(session.getPublicKey().toDer()),
			expiration: inSeconds(60),
			permissions: "queries",
		};
		const signature = await identity.sign(
			Buffer.concat([Buffer.from("\x1Aic-request-auth-delegation"), hashOfMap(delegation)]),
		);
		const queriesOnly = async (content: Record<string, unknown>, endpoint: string) => {
			const full = { ...content, sender: identity.getPrincipal().toUint8Array() };
			const envelope = {
				sender_pubkey: new Uint8Array(identity.getPublicKey().toDer()),
				sender_delegation: [{ delegation, signature: new Uint8Array(signature) }],
			};
			return post(network.url, path(endpoint), await encode({ content: full, identity: session, envelope }));
		};
		expect((await queriesOnly(call(), "call")).text).toContain("do not allow calls");
		const query = { ...call({ method_name: "echo_query" }), request_type: "query" };
		expect((await queriesOnly(query, "query")).body).toMatchObject({ status: "replied" });
	});
});

test("a request sent again is answered, and not executed again", async () => {
	const body = await encode({ content: call({ method_name: "inc", nonce: Uint8Array.of(1) }), identity });
	const answers = await Promise.all([1, 2, 3].map(() => post(network.url, path("call", 4), body)));
	for (const answer of answers) expect(answer.body).toMatchObject({ status: "replied" });
	const other = await encode({ content: call({ method_name: "inc", nonce: Uint8Array.of(2) }), identity });
	const { body: last } = await post(network.url, path("call", 4), other);
	const certificate = Buffer.from((last as { certificate: Uint8Array }).certificate);
	expect(certificate.includes(Buffer.from("44" + "02000000", "hex"))).toBe(true);
});

describe("read_state", () => {
	test("tells a request's status to its sender only", async () => {
		const content = {
			...call(),
			sender: identity.getPrincipal().toUint8Array(),
			ingress_expiry: inSeconds(100),
		};
		await post(network.url, path("call", 4), await encode({ content, identity }));
		const paths = readState([["request_status", hashOfMap(content), "status"]]);
		const ask = async (as: Ed25519KeyIdentity) =>
			post(network.url, path("read_state"), await encode({ content: paths, identity: as }));
		expect((await ask(identity)).status).toBe(200);
		expect((await ask(testIdentity(3))).status).toBe(403);
	});

	test("shows private metadata to controllers only", async () => {
		const ask = async (name: string, as: Ed25519KeyIdentity) =>
			post(
				network.url,
				path("read_state", 3),
				await encode({
					content: readState([["canister", canister.toUint8Array(), "metadata", name]]),
					identity: as,
				}),
			);
		expect((await ask("candid:service", identity)).status).toBe(200);
		expect((await ask("secret", identity)).status).toBe(403);
		expect((await ask("secret", testIdentity(1))).status).toBe(200);
	});
});

test("a browser's preflight is allowed", async () => {
	const answer = await fetch(`${network.url}${path("query")}`, { method: "OPTIONS" });
	expect(answer.status).toBe(204);
	expect(answer.headers.get("access-control-allow-origin")).toBe("*");
	expect(answer.headers.get("access-control-allow-headers")).toContain("Content-Type");
	const status = await fetch(`${network.url}/api/v2/status`);
	expect(status.headers.get("access-control-allow-origin")).toBe("*");
});

test("what is not CBOR, or not an envelope, is refused in plain text", async () => {
	for (const body of [
		new Uint8Array(0),
		Uint8Array.of(0xf9, 0, 0),
		Uint8Array.of(0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0),
		Cbor.encode({ content: {} }),
		Cbor.encode({ content: { sender: new Uint8Array(1), ingress_expiry: 1, request_type: "query" } }),
		new Uint8Array(100).fill(0x81),
	]) {
		const answer = await post(network.url, path("call"), body);
		expect(answer.status).toBe(400);
		expect(answer.text).toMatch(/^Failed to deserialize cbor request: /);
	}
	expect((await post(network.url, "/api/v9/canister/aaaaa-aa/call", new Uint8Array(1))).status).toBe(404);
	expect((await post(network.url, "/api/v2/canister/nonsense/call", new Uint8Array(1))).status).toBe(400);
});

test("statuses are kept for five minutes, then forgotten", async () => {
	let now = inSeconds(0);
	const moved = await createNetwork({ signatures: "test", clock: () => now });
	try {
		const id = await deploy(await agentFor(moved), await probe());
		const content = {
			...call({ canister_id: id.toUint8Array() }),
			sender: identity.getPrincipal().toUint8Array(),
			ingress_expiry: now + 10_000_000_000n,
		};
		await post(moved.url, `/api/v4/canister/${id}/call`, await encode({ content, identity }));
		const known = async () => {
			const paths = readState([["request_status", hashOfMap(content), "status"]]);
			const body = await encode({ content: { ...paths, ingress_expiry: now + 60_000_000_000n }, identity });
			const answer = await post(moved.url, `/api/v2/canister/${id}/read_state`, body);
			return Buffer.from((answer.body as { certificate: Uint8Array }).certificate).includes("replied");
		};
		expect(await known()).toBe(true);
		now += 299_000_000_000n;
		expect(await known()).toBe(true);
		now += 2_000_000_000n;
		expect(await known()).toBe(false);
	} finally {
		await moved.dispose();
	}
});
