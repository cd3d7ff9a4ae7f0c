import { nodePorts } from "../../../src/client/node/ports.js";
import { CertificateVerifier } from "../../../src/client/verification/certificate.js";
import { Trust } from "../../../src/client/verification/trust.js";
import { CertifiedState } from "../../../src/localnet/certification/certificate.js";
import { Directory, Leaf } from "../../../src/localnet/certification/hash-tree.js";
import { Topology } from "../../../src/localnet/certification/topology.js";
import type { Path } from "../../../src/localnet/certification/witness.js";
import { leb128, utf8 } from "../../../src/localnet/encoding/bytes.js";
import { canisterIdAt } from "../../../src/localnet/execution/canister-id.js";

/** A subnet that certifies what a test says a canister certifies. */
export class Certifier {
	readonly topology = new Topology(utf8("certifier"));
	readonly canisterId = canisterIdAt(7);
	nowMs = 1_800_000_000_000;
	/** A signature takes 15 ms. */
	readonly #made = new Map<string, Uint8Array>();

	/** Without a delegation the root subnet itself signs, and speaks for every canister. */
	certificate(data: Uint8Array, { atMs = this.nowMs, delegated = true } = {}): Uint8Array {
		const name = `${Buffer.from(data).toString("hex")} ${atMs} ${delegated}`;
		const made = this.#made.get(name) ?? this.#make(data, atMs, delegated);
		this.#made.set(name, made);
		return made;
	}

	#make(data: Uint8Array, atMs: number, delegated: boolean): Uint8Array {
		const time = BigInt(atMs) * 1_000_000n;
		const tree = Directory.of([
			[utf8("time"), new Leaf(leb128(time))],
			[
				utf8("canister"),
				Directory.of([[this.canisterId, Directory.of([[utf8("certified_data"), new Leaf(data)]])]]),
			],
		]);
		const paths: Path[] = [[utf8("time")], [utf8("canister"), this.canisterId, utf8("certified_data")]];
		const { root, application } = this.topology;
		if (!delegated) return new Uint8Array(new CertifiedState(tree, time, root).certificate(paths));
		const delegation = this.topology.delegation("tree", time);
		return new Uint8Array(new CertifiedState(tree, time, application).certificate(paths, delegation));
	}

	/** What a client trusts that talks to this subnet as `principal`. */
	trust(principal: Uint8Array): Trust {
		const verifier = new CertificateVerifier();
		return new Trust({
			network: {
				identity: async () => ({
					getPrincipal: () => ({ toUint8Array: () => principal }),
					transformRequest: async () => undefined,
				}),
			},
			canisterId: { toUint8Array: () => this.canisterId },
			nowMs: () => this.nowMs,
			verify: (certificate) =>
				verifier.verify(certificate, {
					rootKey: this.topology.root.publicDer,
					canisterId: this.canisterId,
					nowMs: this.nowMs,
					ports: nodePorts,
				}),
		});
	}
}
