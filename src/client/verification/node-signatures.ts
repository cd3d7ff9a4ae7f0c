import type { Transport } from "../call/transport.js";
import { concat, utf8 } from "../util/bytes.js";
import { stopwatch } from "../util/stopwatch.js";
import { type Certificate, checkTime, invalid, speaksFor } from "./certificate.js";
import { ED25519, keyIn } from "./der.js";
import { lookup } from "./hash-tree.js";
import { type RequestMap, requestIdOf } from "./request-id.js";
import { selfAuthenticating } from "./self-authenticating.js";

/** What of the call path is needed to know the nodes. */
interface Path extends Pick<Transport, "nowMs" | "readState" | "verify"> {
	readonly canisterId: { toUint8Array(): Uint8Array };
	readonly network: Pick<Transport["network"], "rootKey">;
	readonly ports: Pick<Transport["ports"], "sha256" | "now" | "monotonic" | "ed25519Verify">;
}

/** What a node signs, before the hash of its answer (interface specification, "Query"). */
const RESPONSE_DOMAIN = concat(Uint8Array.of(11), utf8("ic-response"));
/** Nodes come and go with proposals, a few a week; one that is gone must not be believed for long. */
const MAX_KEYS_AGE_MS = 60 * 60_000;
/** There is one; a list is for later versions of the protocol. Each costs a hash of the whole answer. */
const MAX_SIGNATURES = 13;

interface NodeSignature {
	/** Nanoseconds since 1970. */
	readonly timestamp: bigint | number;
	readonly signature: Uint8Array;
	readonly identity: Uint8Array;
}

interface Keys {
	readonly certificate: Certificate;
	readonly subnetId: Uint8Array;
	/** Milliseconds since they were asked for. */
	readonly age: () => number;
}

/** Loaded for the first signature of a node: with it a page's main script were a quarter larger. */
const loadEd25519 = () => import("./verify-ed25519.js");

/** Whether the answer of a query is signed by a node of the canister's subnet, and lately. */
export class NodeSignatures {
	readonly #path: Path;
	#kept: Keys | undefined;
	/** Shared by all who need them while they come. */
	#asked: Promise<Keys> | undefined;

	constructor(path: Path) {
		this.#path = path;
	}

	/** Sees to it that the nodes' keys come while the query is answered. */
	prepare(): void {
		if (this.#path.ports.ed25519Verify === undefined) loadEd25519().catch(() => {});
		// What fails here, `verify` says.
		this.#current().catch(() => {});
	}

	/**
	 * @param answer as it came, `replied` or `rejected`
	 * @throws ClientError `certificate_invalid`, `certificate_stale`, and what asking for the nodes' keys can end in
	 */
	async verify(answer: Record<string, unknown>, requestId: Uint8Array): Promise<void> {
		const { signatures, ...signed } = answer;
		if (!Array.isArray(signatures) || signatures.length === 0) throw invalid("no node signed the answer");
		if (signatures.length > MAX_SIGNATURES)
			throw invalid(
				`${signatures.length} nodes signed the answer, over the ${MAX_SIGNATURES} that are accepted`,
			);
		for (const signature of signatures) {
			if (!isNodeSignature(signature)) throw invalid("a node's signature is malformed");
			const timestamp = BigInt(signature.timestamp);
			const hash = await this.#hash({ ...signed, timestamp, request_id: requestId } as RequestMap);
			await this.#check(signature, concat(RESPONSE_DOMAIN, hash));
			// The signature first: only what a node signed is old, all else is wrong.
			checkTime(Number(timestamp / 1_000_000n), this.#path.nowMs());
		}
	}

	async #hash(signed: RequestMap): Promise<Uint8Array> {
		try {
			return await requestIdOf(signed, this.#path.ports.sha256);
		} catch (error) {
			throw invalid("it is nothing that a node could have signed", error);
		}
	}

	async #check(signature: NodeSignature, message: Uint8Array): Promise<void> {
		const kept = this.#kept;
		if (await this.#isSigned(await this.#current(), signature, message)) return;
		// The subnet may have got a new node since its keys were asked for.
		if (kept && (await this.#isSigned(await this.#renew(), signature, message))) return;
		throw invalid("no node of the canister's subnet signed this answer");
	}

	async #current(): Promise<Keys> {
		const kept = this.#kept;
		const isYoung = kept && kept.age() < MAX_KEYS_AGE_MS;
		return isYoung ? kept : this.#renew();
	}

	#renew(): Promise<Keys> {
		this.#asked ??= this.#ask().finally(() => {
			this.#asked = undefined;
		});
		return this.#asked;
	}

	async #ask(): Promise<Keys> {
		const age = stopwatch(this.#path.ports);
		const certificate = await this.#path.readState([[utf8("subnet")]], "read_state");
		await this.#path.verify(certificate);
		this.#kept = { certificate, subnetId: await this.#subnetOf(certificate), age };
		return this.#kept;
	}

	/** With a delegation, which was verified, that says it; else it is the root subnet, which is named after its key. */
	async #subnetOf({ tree, delegation }: Certificate): Promise<Uint8Array> {
		if (delegation) return delegation.subnet_id;
		const { network, canisterId } = this.#path;
		const root = selfAuthenticating(await network.rootKey()).toUint8Array();
		// Else any one of its nodes could answer for every canister there is.
		if (!speaksFor(tree, root, canisterId.toUint8Array()))
			throw invalid("it comes from the root subnet, which this canister is not on");
		return root;
	}

	async #isSigned(keys: Keys, { identity, signature }: NodeSignature, message: Uint8Array): Promise<boolean> {
		const path = ["subnet", keys.subnetId, "node", identity, "public_key"];
		const der = lookup(keys.certificate.tree, path);
		if (!der) return false;
		const key = keyIn(der, ED25519);
		if (!key) throw invalid("a node's key is no Ed25519 key in DER");
		const verify = this.#path.ports.ed25519Verify ?? (await loadEd25519()).verifyEd25519;
		return verify(key, signature, message);
	}
}

function isNodeSignature(value: unknown): value is NodeSignature {
	const { timestamp, signature, identity } = (value ?? {}) as Record<string, unknown>;
	const isTime = typeof timestamp === "bigint" || Number.isSafeInteger(timestamp);
	return isTime && signature instanceof Uint8Array && identity instanceof Uint8Array;
}
