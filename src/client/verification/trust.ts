import { sameBytes } from "../../protocol/index.js";
import { principalOf } from "../call/agent.js";
import type { Network } from "../call/network.js";
import { type Certificate, checkFreshness, decodeCertificate, invalid, timeOf } from "./certificate.js";
import { lookup } from "./hash-tree.js";

/** What of the call path is needed to trust anything. */
interface Path {
	readonly network: Pick<Network, "identity">;
	readonly canisterId: { toUint8Array(): Uint8Array };
	nowMs(): number;
	verify(certificate: Certificate): Promise<void>;
}

/** What a certificate says of a canister. */
export interface Certified {
	readonly data: Uint8Array;
	/** Of the state that is certified: milliseconds since 1970. */
	readonly ms: number;
}

/** What a reader holds the answer of one node against: what the subnet certifies, and who is asking. */
export class Trust {
	readonly #path: Path;
	/** The last certificate found good. Answers of one second share theirs, and a pairing costs 50 ms. */
	#last: { bytes: Uint8Array; certificate: Certificate; said: Certified } | undefined;

	constructor(path: Path) {
		this.#path = path;
	}

	/**
	 * What a certificate says the canister's certified data is, and when.
	 * @throws ClientError `certificate_invalid`, `certificate_stale`
	 */
	async certified(bytes: Uint8Array): Promise<Certified> {
		if (this.#last && sameBytes(this.#last.bytes, bytes)) {
			checkFreshness(this.#last.certificate, this.#path.nowMs());
			return this.#last.said;
		}
		// A copy: the certificate's parts are views into it, and `bytes` is one into an answer.
		const own = bytes.slice();
		const certificate = decodeCertificate(own);
		await this.#path.verify(certificate);
		const canisterId = this.#path.canisterId.toUint8Array();
		const data = lookup(certificate.tree, ["canister", canisterId, "certified_data"]);
		if (!data) throw invalid("it holds no certified data of the canister");
		const said = { data, ms: timeOf(certificate.tree) };
		this.#last = { bytes: own, certificate, said };
		return said;
	}

	/** The network's time, as far as we know. */
	nowMs(): number {
		return this.#path.nowMs();
	}

	/** Who asks, in bytes. */
	async principal(): Promise<Uint8Array> {
		return principalOf(await this.#path.network.identity());
	}
}
