import { HTTP_LABEL, PUBLIC_LABEL } from "../../protocol/index.js";
import { type HashTree, seek } from "../verification/hash-tree.js";

/** The label under which public keys stand; undefined where the tree does not show whether it is the one or the other. */
export function publicRoot(tree: HashTree): Uint8Array | undefined {
	const other = seek(tree, [PUBLIC_LABEL]);
	if (other === "hidden") return undefined;
	return other === "absent" ? HTTP_LABEL : PUBLIC_LABEL;
}
