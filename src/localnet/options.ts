/** Options of a network, and their defaults. */
import { createHash, randomBytes } from "node:crypto";
import type { Signatures } from "./certification/topology.js";
import { type Conditions, resolveConditions, type Settings } from "./conditions/conditions.js";
import type { Profile } from "./conditions/profiles.js";
import type { MessageRecord } from "./execution/accounting.js";
import type { BlockRecord } from "./execution/blocks.js";
import type { CostSchedule } from "./execution/fees.js";
import { checkFunctions, checkOptions } from "./given.js";
import type { Middleware } from "./http/wire.js";
import { INSTRUCTION_LIMITS, type InstructionLimits, TIMES } from "./limits.js";

/** Options of `createNetwork`. */
export interface NetworkOptions {
	/** TCP port on 127.0.0.1. @default 0, a free port */
	readonly port?: number;
	/**
	 * Counts instructions and enforces their limits. Without it canisters run faster, an endless loop never stops, and
	 * `performance_counter` returns 0. @default false
	 */
	readonly metering?: boolean;
	/** Instruction limits of a message, by entry point. @default the IC's limits */
	readonly instructionLimits?: Partial<InstructionLimits>;
	/**
	 * Cost schedule of the subnet. `free` is the schedule of a cloud engine: every fee is 0, `ic0.cost_*` return 0, and
	 * canisters are created without cycles. @default "normal"
	 */
	readonly costSchedule?: CostSchedule;
	/** Makes keys, `raw_rand` and random conditions reproducible. @default random */
	readonly seed?: string | Uint8Array;
	/**
	 * How subnets sign. `"test"` is for test suites: each BLS signature becomes a hash, which is fast and protects
	 * nothing. Only `verifyTestSignature` verifies it; agents and clients without it reject every certificate. The root
	 * key contains a marker, and differs from the BLS key of the same seed.
	 *
	 * @default "bls"
	 */
	readonly signatures?: Signatures;
	/** Returns nanoseconds since 1970. @default the system's clock */
	readonly clock?: () => bigint;
	/** Conditions of the connection and the load, or the name of a profile. @default no delay and no loss */
	readonly conditions?: Profile | Conditions;
	/** Milliseconds until a synchronous call gets status 202. @default 10,000 */
	readonly syncCallTimeoutMs?: number;
	/** Called with the output of canisters, and the textual canister id. @default the output is discarded */
	readonly log?: (canister: string, text: string) => void;
	/** Called after each executed message with its record. */
	readonly onMessage?: (record: MessageRecord) => void;
	/** Called when a block takes its messages, before it executes them. */
	readonly onBlock?: (block: BlockRecord) => void;
	/** Runs between the socket and the network, with every request and every reply. */
	readonly middleware?: Middleware;
}

export interface NormalizedOptions {
	readonly port: number;
	readonly metering: boolean;
	readonly instructionLimits: InstructionLimits;
	readonly costSchedule: CostSchedule;
	readonly seed: Uint8Array;
	readonly signatures: Signatures;
	readonly clock: () => bigint;
	/** The initial conditions; `Network.setConditions` changes them. */
	readonly conditions: Settings;
	readonly syncCallTimeoutMs: number;
	readonly log: (canister: string, text: string) => void;
	readonly onMessage: ((record: MessageRecord) => void) | undefined;
	readonly onBlock: ((block: BlockRecord) => void) | undefined;
	readonly middleware: Middleware;
}

const SIGNATURES: readonly Signatures[] = ["bls", "test"];

export function normalizeOptions(options: NetworkOptions): NormalizedOptions {
	checkOptions(options);
	const { clock, log, onMessage, onBlock, middleware } = options;
	checkFunctions({ clock, log, onMessage, onBlock, middleware });
	const { seed, signatures = "bls" } = options;
	if (!SIGNATURES.includes(signatures))
		throw new RangeError(`signatures are made by "bls" or "test", not ${JSON.stringify(signatures)}`);
	return {
		port: options.port ?? 0,
		metering: options.metering ?? false,
		instructionLimits: { ...INSTRUCTION_LIMITS, ...options.instructionLimits },
		costSchedule: options.costSchedule ?? "normal",
		seed: seed === undefined ? randomBytes(32) : createHash("sha256").update(seed).digest(),
		signatures,
		clock: options.clock ?? (() => BigInt(Date.now()) * 1_000_000n),
		conditions: resolveConditions(options.conditions),
		syncCallTimeoutMs: options.syncCallTimeoutMs ?? TIMES.syncCallMs,
		log: options.log ?? (() => {}),
		onMessage: options.onMessage,
		onBlock: options.onBlock,
		middleware: options.middleware ?? ((request, next) => next(request)),
	};
}
