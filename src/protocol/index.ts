export * from "./certified.js";
export * from "./codec/index.js";
export * from "./errors.js";
export * from "./hash.js";
export * from "./limits.js";
export * from "./listing.js";
export * from "./validate.js";
export { fitting, weightOf } from "./weighing.js";
export * from "./wire/index.js";
