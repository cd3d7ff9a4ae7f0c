export { Catalog, type ListRange } from "./catalog.js";
export { type ListEntry, mergeLists } from "./order.js";
