/**
 * A local Internet Computer network inside Node, for tests, benches and examples.
 *
 * ```ts
 * const network = await createNetwork();
 * const agent = await HttpAgent.create({ host: network.url, rootKey: network.rootKey });
 * // …
 * await network.dispose();
 * ```
 */
export type { MessageKind, MessageRecord, Metrics } from "./execution/accounting.js";
export type { Handler, Middleware, WireReply, WireRequest } from "./http/wire.js";
export type { InstructionLimits } from "./limits.js";
export { createNetwork, type Network } from "./network.js";
export type { NetworkOptions } from "./options.js";
