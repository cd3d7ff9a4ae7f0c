import { createHash } from "node:crypto";
import { verifyRequestResponsePair } from "@dfinity/response-verification";
import { certifiedHeaders, EXPRESSION } from "../../../src/canister/engine/http.js";
import { Engine } from "../../../src/canister/engine/index.js";
import { State } from "../../../src/canister/engine/state.js";
import { CertifiedState } from "../../../src/localnet/certification/certificate.js";
import { Directory, Leaf } from "../../../src/localnet/certification/hash-tree.js";
import { Topology } from "../../../src/localnet/certification/topology.js";
import { leb128, utf8 } from "../../../src/localnet/encoding/bytes.js";
import { encodeCbor } from "../../../src/localnet/encoding/cbor-encode.js";
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

export class Gateway {
	readonly host = new FakeHost(controller);
	readonly storage = new MapStorage();
	engine = new Engine(this.storage, this.host);

	constructor() {
		this.engine.start();
	}

	upgrade(): void {
		this.engine = new Engine(this.storage, this.host);
		this.engine.start();
	}

	/** Lets cleaning, which certifies the answers of large blobs, run until nothing is left. */
	settle(): void {
		do {
			this.host.time += 2_000;
			this.engine.clean();
		} while (new State(this.storage, this.host).responses.length > 0);
	}

	/** The answer that a canister would give: the whole of a blob, or, with an index, one chunk of it. */
	answer(key: string, body: Uint8Array, index?: number): Answer {
		const state = new State(this.storage, this.host);
		const blob = state.blobs.get(key)!;
		const leaf = new Uint8Array(createHash("sha256").update(body).digest());
		const hash =
			index === undefined
				? state.http.whole(blob.manifest, leaf)
				: state.http.parts(blob.manifest, index, leaf);
		const { witness } = state.certified.proofOfResponse(blob, hash);
		const base64 = (bytes: Uint8Array) => `:${Buffer.from(bytes).toString("base64")}:`;
		const path = encodeCbor(["http_expr", ...key.split("/"), "<$>"]);
		return {
			status: index === undefined ? 200 : 206,
			headers: [
				...certifiedHeaders(blob.manifest, index),
				["ic-certificateexpression", EXPRESSION],
				[
					"ic-certificate",
					[
						`certificate=${base64(this.#certificate())}`,
						`tree=${base64(witness[0]!)}`,
						`expr_path=${base64(path)}`,
						"version=2",
					].join(", "),
				],
			],
			body,
		};
	}

	#certificate(): Uint8Array {
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
	verify(url: string, { status, headers, body }: Answer): void {
		const request = {
			url,
			method: "GET",
			headers: [],
			body: new Uint8Array(),
			certificate_version: [2] as [number],
		};
		const response = { status_code: status, headers, body };
		const { response: verified } = verifyRequestResponsePair(
			request,
			response,
			CANISTER,
			this.#time(),
			MAX_AGE_NS,
			topology.root.publicDer,
			2,
		);
		if (verified === undefined) throw new Error("nothing was verified");
	}
}
