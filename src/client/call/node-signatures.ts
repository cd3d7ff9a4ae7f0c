import { Principal } from "@dfinity/principal";
import { ed25519 } from "@noble/curves/ed25519";
import { ClientError } from "../errors.js";
import { concat, hex, utf8 } from "../util/bytes.js";
import { CertificateVerifier, checkTime, decodeCertificate } from "./certificate.js";
import { labels, lookup, subtree } from "./hash-tree.js";
import { type RequestMap, requestIdOf } from "./request-id.js";
import type { Transport } from "./transport.js";

/** What a node signs begins so (interface specification, "Query call"). */
const RESPONSE_DOMAIN = concat(Uint8Array.of(11), utf8("ic-response"));
/** DER of an Ed25519 key, before the 32 bytes of the key itself (RFC 8410). */
const DER_PREFIX = "302a300506032b6570032100";
const DER_PREFIX_BYTES = DER_PREFIX.length / 2;
const KEY_BYTES = 32;

/** As long as the agents keep them. Nodes join and leave a subnet by votes, days apart. */
const KEYS_LIFE_MS = 5 * 60_000;

type NodeKeys = ReadonlyMap<string, Uint8Array>;

const invalid = (reason: string, cause?: unknown) =>
	new ClientError("certificate_invalid", { reason }, cause);

/**
 * Checks that a node of the canister's subnet has signed the answer to a query. The nodes' keys are certified by the
 * subnet, so the one pairing is where all others are: in a page by the worker.
 */
export class NodeSignatures {
	readonly #transport: Transport;
	readonly #verifier = new CertificateVerifier();
	#known: { readonly keys: Promise<NodeKeys>; readonly sinceMs: number } | undefined;

	constructor(transport: Transport) {
		this.#transport = transport;
	}

	/** The keys of the nodes that may answer, by their ids in hexadecimal. */
	keys(): Promise<NodeKeys> {
		const now = this.#transport.ports.now();
		if (this.#known === undefined || now - this.#known.sinceMs > KEYS_LIFE_MS) {
			this.#known = { keys: this.#ask(), sinceMs: now };
			this.#known.keys.catch(() => this.#forget());
		}
		return this.#known.keys;
	}

	/**
	 * @param answer as it was decoded
	 * @throws ClientError `certificate_invalid`, `certificate_stale`; the keys are then asked for anew
	 */
	async check(answer: Record<string, unknown>, requestId: Uint8Array, keys: NodeKeys): Promise<void> {
		try {
			await this.#check(answer, requestId, keys);
		} catch (error) {
			this.#forget();
			throw error;
		}
	}

	async #check(answer: Record<string, unknown>, requestId: Uint8Array, keys: NodeKeys): Promise<void> {
		const { ports } = this.#transport;
		const [by] = (Array.isArray(answer.signatures) ? answer.signatures : []) as Partial<Signature>[];
		if (!(by?.signature instanceof Uint8Array) || !(by.identity instanceof Uint8Array))
			throw invalid("no node has signed it");
		const key = keys.get(hex(by.identity));
		if (key === undefined) throw invalid("whoever signed it is no node of the canister's subnet");
		const { status, reply, reject_code, reject_message, error_code } = answer as RequestMap;
		const fields = { status, reply, reject_code, reject_message, error_code };
		let isGood = false;
		try {
			const timestamp = BigInt(by.timestamp ?? 0);
			const signed = await requestIdOf({ ...fields, timestamp, request_id: requestId }, ports.sha256);
			isGood = ed25519.verify(by.signature, concat(RESPONSE_DOMAIN, signed), key);
		} catch (error) {
			throw invalid("the node's signature is malformed", error);
		}
		if (!isGood) throw invalid("the node's signature does not verify");
		checkTime(Number(BigInt(by.timestamp ?? 0) / 1_000_000n), this.#transport.nowMs());
	}

	async #ask(): Promise<NodeKeys> {
		const { network, canisterId, ports } = this.#transport;
		const rootKey = await network.rootKey();
		const signed = await this.#transport.sign("read_state", { paths: [[utf8("subnet")]] });
		const { body } = await this.#transport.send("read_state", signed);
		const map = this.#transport.decode(body, "read_state");
		if (!(map.certificate instanceof Uint8Array))
			throw invalid("the keys of the subnet's nodes came without one");
		const certificate = decodeCertificate(map.certificate);
		const nowMs = this.#transport.nowMs();
		await this.#verifier.verify(certificate, {
			rootKey,
			canisterId: canisterId.toUint8Array(),
			nowMs,
			ports,
		});
		const subnet = certificate.delegation?.subnet_id ?? Principal.selfAuthenticating(rootKey).toUint8Array();
		const nodes = subtree(certificate.tree, ["subnet", subnet, "node"]);
		const keys = new Map<string, Uint8Array>();
		for (const id of nodes ? labels(nodes) : []) {
			const der = nodes && lookup(nodes, [id, "public_key"]);
			if (der?.length === DER_PREFIX_BYTES + KEY_BYTES && hex(der).startsWith(DER_PREFIX))
				keys.set(hex(id), der.subarray(DER_PREFIX_BYTES));
		}
		if (keys.size === 0) throw invalid("it shows no keys of the subnet's nodes");
		return keys;
	}

	#forget(): void {
		this.#known = undefined;
	}
}

interface Signature {
	readonly identity: Uint8Array;
	readonly signature: Uint8Array;
	/** Nanoseconds since 1970. */
	readonly timestamp: number | bigint;
}
