import { createHash } from "node:crypto";
import { verifyRequestResponsePair } from "@dfinity/response-verification";
import { responseOf } from "../../../src/canister/azle/http.js";
import { Engine, type Settings } from "../../../src/canister/engine/index.js";
import { State } from "../../../src/canister/engine/state.js";
import { CertifiedState } from "../../../src/localnet/certification/certificate.js";
import { Directory, Leaf } from "../../../src/localnet/certification/hash-tree.js";
import { Topology } from "../../../src/localnet/certification/topology.js";
import { leb128, utf8 } from "../../../src/localnet/encoding/bytes.js";
import { canisterIdAt } from "../../../src/localnet/execution/canister-id.js";
import { FakeHost, MapStorage } from "../engine/surroundings.js";

/**
 * A store without a canister, its certified data signed by a subnet of the test's, and a gateway's verifier that this
 * project did not write.
 */

export interface Answer {
	status: number;
	headers: [string, string][];
	body: Uint8Array;
}

const CANISTER = canisterIdAt(0);
const topology = new Topology(createHash("sha256").update("gateway").digest());
const MAX_AGE_NS = 300_000_000_000n;

export const controller = Uint8Array.of(1, 1, 1);

export interface Ask {
	readonly method?: string;
	readonly headers?: Record<string, string>;
}

export class Gateway {
	readonly host = new FakeHost(controller);
	readonly storage = new MapStorage();
	settings: Settings;
	engine: Engine;
	#certificate: { readonly root: string; readonly time: number; readonly bytes: Uint8Array } | undefined;

	constructor(settings: Settings = {}) {
		this.host.certificate = () => this.#certificateNow();
		this.settings = settings;
		this.engine = new Engine(this.storage, this.host, settings);
		this.engine.start();
	}

	upgrade(settings = this.settings): void {
		this.settings = settings;
		this.engine = new Engine(this.storage, this.host, settings);
		this.engine.start();
	}

	/** Lets cleaning, which certifies the answers of large blobs, run until nothing is left. */
	settle(): void {
		const isBusy = () => {
			const { responses, renewing } = new State(this.storage, this.host, this.settings);
			return responses.length > 0 || renewing.isBusy;
		};
		do {
			this.host.time += 2_000;
			this.engine.clean();
		} while (isBusy());
	}

	/** What the store answers, unverified. */
	ask(url: string, { method = "GET", headers = {} }: Ask = {}): Answer {
		const lower = Object.fromEntries(
			Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
		);
		const reply = this.engine.http({ method, url, header: (name) => lower[name] }, true)!;
		const { status_code, headers: its, body } = responseOf(reply);
		return { status: status_code, headers: its, body: body.slice() };
	}

	/** The same, verified: what passes a gateway, its headers by their names. */
	get(url: string, ask: Ask = {}) {
		const answer = this.ask(url, ask);
		this.verify(url, answer, ask);
		return { status: answer.status, headers: Object.fromEntries(answer.headers), body: answer.body };
	}

	/** Each is signed once: a signature takes longer than all else. */
	#certificateNow(): Uint8Array {
		const root = Buffer.from(this.host.certified!).toString("hex");
		if (this.#certificate?.root !== root || this.#certificate.time !== this.host.time)
			this.#certificate = { root, time: this.host.time, bytes: this.#sign() };
		return this.#certificate.bytes;
	}

	#sign(): Uint8Array {
		const time = this.#time();
		const certified = Directory.of([[utf8("certified_data"), new Leaf(this.host.certified!)]]);
		const tree = Directory.of([
			[utf8("canister"), Directory.of([[CANISTER, certified]])],
			[utf8("time"), new Leaf(leb128(time))],
		]);
		const paths = [[utf8("time")], [utf8("canister"), CANISTER, utf8("certified_data")]];
		return new CertifiedState(tree, time, topology.application).certificate(
			paths,
			topology.delegation("flat", time),
		);
	}

	#time = () => BigInt(this.host.time) * 1_000_000n;

	/** Throws where the verifier does not accept the answer for this path, as a browser sends it. */
	verify(
		url: string,
		{ status, headers, body }: Answer,
		{ method = "GET", headers: asked = {} }: Ask = {},
	): void {
		const request = {
			url,
			method,
			headers: Object.entries(asked),
			body: new Uint8Array(),
			certificate_version: [2] as [number],
		};
		const response = { status_code: status, headers, body };
		const { response: verified } = verifyRequestResponsePair(
			request as Parameters<typeof verifyRequestResponsePair>[0],
			response,
			CANISTER,
			this.#time(),
			MAX_AGE_NS,
			topology.root.publicDer,
			2,
		);
		if (verified === undefined) throw new Error("nothing was verified");
		const passed = new Set(verified.headers.map(([name]) => name.toLowerCase()));
		const lost = headers.filter(([name]) => !passed.has(name.toLowerCase()));
		if (lost.length > 0) throw new Error(`headers that no gateway passes on: ${lost.map(([name]) => name)}`);
	}
}
