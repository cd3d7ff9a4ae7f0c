/** The system state tree, "Canister information" and "Certified data". */
import { Directory, Leaf } from "../certification/hash-tree.js";
import { leb128, utf8 } from "../encoding/bytes.js";
import { encodeCbor } from "../encoding/cbor-encode.js";
import type { Canister } from "./canister.js";

/** The inputs of a canister's subtree, which is rebuilt when one changes. */
interface Seen {
	readonly controllers: unknown;
	readonly module: unknown;
	readonly certifiedData: unknown;
	readonly installedAt: bigint | undefined;
}

export class CanisterTrees {
	#tree = Directory.EMPTY;
	readonly #seen = new Map<Canister, Seen>();

	/** Updates and returns the tree at `/canister`. */
	update(canisters: Iterable<Canister>): Directory {
		for (const canister of canisters) {
			const { controllers, module, certifiedData, installedAt } = canister;
			const seen = this.#seen.get(canister);
			if (
				seen?.controllers === controllers &&
				seen.module === module &&
				seen.certifiedData === certifiedData &&
				seen.installedAt === installedAt
			) {
				continue;
			}
			this.#seen.set(canister, { controllers, module, certifiedData, installedAt });
			this.#tree = this.#tree.set(canister.id, treeOf(canister));
		}
		return this.#tree;
	}

	remove(canister: Canister): void {
		this.#seen.delete(canister);
		this.#tree = this.#tree.delete(canister.id);
	}
}

function treeOf(canister: Canister): Directory {
	const { module, installedAt } = canister;
	const metadata = [...(module?.metadata ?? [])].map(
		([name, { bytes }]) => [utf8(name), new Leaf(bytes)] as const,
	);
	return Directory.of([
		[utf8("controllers"), new Leaf(encodeCbor(canister.controllers))],
		[utf8("canister_creation_timestamp"), new Leaf(leb128(canister.createdAt))],
		[utf8("certified_data"), module && new Leaf(canister.certifiedData)],
		[utf8("last_install_timestamp"), installedAt === undefined ? undefined : new Leaf(leb128(installedAt))],
		[utf8("metadata"), module && Directory.of(metadata)],
		[utf8("module_hash"), module && new Leaf(module.hash)],
	]);
}
