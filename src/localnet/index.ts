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
export type { AgentPrincipal, NetworkAgent } from "./agent.js";
export { verifyTestSignature } from "./certification/test-signatures.js";
export type { Signatures } from "./certification/topology.js";
export type {
	Conditions,
	Refusal,
	RefusalAnswer,
	RefusalByChance,
	RefusalByCount,
	Settings,
} from "./conditions/conditions.js";
export type { Profile } from "./conditions/profiles.js";
export type { MessageKind, MessageRecord, Metrics } from "./execution/accounting.js";
export type { BlockRecord, IngressRecord } from "./execution/blocks.js";
export type { CostSchedule } from "./execution/fees.js";
export type {
	ClockFault,
	DelayFault,
	DuplicateFault,
	Fault,
	FaultName,
	FaultScript,
	FaultShape,
	HoldFault,
	OneOf,
	RejectFault,
	RejectNumber,
	RequestFilter,
	RequestKind,
	SeenRequest,
	StatusFault,
} from "./faults/fault.js";
export type { FaultRule, Faults } from "./faults/faults.js";
export type { RequestLog } from "./faults/request-log.js";
export type { Handler, Middleware, WireReply, WireRequest, WireStream } from "./http/wire.js";
export type { InstructionLimits } from "./limits.js";
export type {
	InstallOptions,
	PrincipalBytes,
	PrincipalLike,
	UpgradeOptions,
} from "./management/install-options.js";
export { createNetwork, type Network } from "./network.js";
export type { NetworkOptions } from "./options.js";
