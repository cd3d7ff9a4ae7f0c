/** The local network against the answers recorded from the IC's own engine. */
import { readFileSync } from "node:fs";
import { Cbor, Certificate, hashOfMap, lookupResultToBuffer } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { normalizeOptions } from "../../src/localnet/options.js";
import { agentFor, deploy, testIdentity } from "./support/deploy.js";
import { comparable, describeBody } from "./support/describe.js";
import { probe } from "./support/wat.js";

interface Transcript {
	readonly name: string;
	readonly request: {
		readonly path: string;
		readonly body?: string;
		readonly content?: Record<string, unknown> & { readonly request_id: string };
	};
	readonly response: { readonly status: number; readonly content_type: string; readonly decoded: never };
}

const transcripts = readFileSync(new URL("./golden/transcripts.jsonl", import.meta.url), "utf8")
	.trim()
	.split("\n")
	.map((line) => JSON.parse(line) as Transcript);

/** Not to be copied as they stand, see golden/README.md. */
const SKIPPED = new Set([
	"call, anonymous",
	"call, argument too large, at the replica",
	"call, body over 5 MiB, at the replica",
]);

const CANISTER = Principal.fromText("7tjcv-pp777-77776-qaaaa-cai");
const identity = testIdentity(1);
const publicKey = new Uint8Array(identity.getPublicKey().toDer());
const SECOND_NS = 1_000_000_000n;

/** The request ids of the recording, by those that our own requests have. */
const ownIds = new Map<string, Uint8Array>();
const sent = new Map<string, Uint8Array>();

const QUERY_LIMIT = 1_000_000_000n;

let network: Network;

beforeAll(async () => {
	// The loops are stopped earlier than by the IC's 40 B and 5 B instructions, and the caller is told sooner.
	network = await createNetwork({
		metering: true,
		instructionLimits: { update: 5_000_000_000n, query: QUERY_LIMIT },
		syncCallTimeoutMs: 2_000,
	});
	expect((await deploy(await agentFor(network), await probe())).toText()).toBe(CANISTER.toText());
});

afterAll(() => network?.dispose());

const bytesOf = (shown: string): Uint8Array => {
	const [, length, start] = /^bytes\((\d+)\) ([0-9a-f]*)/.exec(shown)!;
	const bytes = new Uint8Array(Number(length));
	bytes.set(Buffer.from(start!, "hex"));
	return bytes;
};

async function envelope({ name, request }: Transcript): Promise<Uint8Array> {
	if (!request.content) return bodyOf(request.body!);
	const known = sent.get(request.content.request_id);
	if (known) return known;
	const content: Record<string, unknown> = {};
	for (const [field, shown] of Object.entries(request.content)) {
		if (field === "request_id") continue;
		const isBytes = typeof shown === "string" && shown.startsWith("bytes(");
		content[field] = isBytes ? bytesOf(shown) : shown;
	}
	const now = BigInt(Date.now()) * 1_000_000n;
	const age = name.includes("expired") ? -120n : name.includes("too far") ? 600n : 240n;
	content.ingress_expiry = now + age * SECOND_NS;
	content.sender = name.includes("another sender")
		? new Uint8Array(29).fill(0x12)
		: identity.getPrincipal().toUint8Array();
	if (request.content.paths) {
		content.paths = (request.content.paths as string[][]).map((path) =>
			path.map((label) => ownIds.get(label.slice(-64)) ?? bytesOf(label)),
		);
	}
	const requestId = hashOfMap(content);
	ownIds.set(request.content.request_id, requestId);
	const message = Buffer.concat([Buffer.from("\x0Aic-request"), requestId]);
	const signature = new Uint8Array(await identity.sign(message));
	if (name.includes("wrong signature")) signature[0]! ^= 1;
	const body = Cbor.encode({
		content,
		...(name !== "call without signature" && { sender_pubkey: publicKey, sender_sig: signature }),
	});
	sent.set(request.content.request_id, body);
	return body;
}

function bodyOf(shown: string): Uint8Array {
	const length = /^bytes\((\d+)\)$/.exec(shown)?.[1];
	return length ? new Uint8Array(Number(length)) : Buffer.from(shown, "hex");
}

for (const transcript of transcripts) {
	test.skipIf(SKIPPED.has(transcript.name))(
		transcript.name,
		async () => {
			const { request, response } = transcript;
			const [path, method] = request.path.startsWith("GET ")
				? [request.path.slice(4), "GET"]
				: [request.path, "POST"];
			const url = `${network.url}${path.replace("<canister>", CANISTER.toText())}`;
			const body = method === "POST" ? await envelope(transcript) : null;
			const answer = await fetch(url, { method, body: body as BodyInit | null });
			const bytes = new Uint8Array(await answer.arrayBuffer());
			expect(answer.status).toBe(response.status);
			const contentType = answer.headers.get("content-type");
			expect(contentType).toBe(response.content_type);
			const expected = JSON.stringify(comparable(response.decoded)).replace(
				"5000000000",
				String(QUERY_LIMIT),
			);
			expect(comparable(describeBody(contentType, bytes))).toEqual(JSON.parse(expected));
		},
		180_000,
	);
}

test("the limits are the IC's, where a network was not told others", () => {
	expect(normalizeOptions({}).instructionLimits).toEqual({
		update: 40_000_000_000n,
		query: 5_000_000_000n,
		install: 300_000_000_000n,
		inspect: 200_000_000n,
	});
	expect(normalizeOptions({}).syncCallTimeoutMs).toBe(10_000);
});

test("the data certificate of a query verifies and holds the certified data", async () => {
	const agent = await agentFor(network);
	const answer = await agent.query(CANISTER, { methodName: "certificate", arg: new Uint8Array(0) });
	if (answer.status !== "replied") throw new Error(answer.reject_message);
	const certificate = await Certificate.create({
		certificate: answer.reply.arg,
		rootKey: network.rootKey,
		canisterId: CANISTER,
	});
	const path = ["canister", CANISTER.toUint8Array(), "certified_data"];
	expect(lookupResultToBuffer(certificate.lookup_path(path))).toEqual(new Uint8Array(32).fill(5));
});
