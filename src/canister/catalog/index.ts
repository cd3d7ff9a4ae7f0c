export { Catalog, type Mount, type Reveal } from "./catalog.js";
export { HeapTree, HeapWitness } from "./heap-tree.js";
export type { Change } from "./items.js";
export { type CertifiedRoot, type FlatRoot, HTTP_EXPR, type Key, PRIVATE, PUBLIC, type Root } from "./key.js";
export type { LabelSets } from "./label-set.js";
export { type ListEntry, mergeLists } from "./order.js";
export { treeDigest } from "./tree-digest.js";
export { encodedTree, TreeWriter } from "./tree-writer.js";
