/** What a network can be told, and what it is without. */
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

/** What a network can be told when it is made. */
export interface NetworkOptions {
	/** TCP port on 127.0.0.1; 0, the default, takes a free one. */
	readonly port?: number;
	/**
	 * Count instructions and enforce their limits. Without it canisters run about 1.5 times as fast, an endless
	 * loop is never stopped, and `performance_counter` answers 0. Default false.
	 */
	readonly metering?: boolean;
	/** Instructions a message may take, by kind; the IC's where not given. */
	readonly instructionLimits?: Partial<InstructionLimits>;
	/**
	 * What the subnet charges. `free` is that of a cloud engine: every fee is 0, `ic0.cost_*` return 0, and canisters
	 * are created without cycles. Default `normal`.
	 */
	readonly costSchedule?: CostSchedule;
	/** Makes keys, `raw_rand` and the luck of the conditions reproducible. Default random. */
	readonly seed?: string | Uint8Array;
	/**
	 * How subnets sign. `"test"` is for suites of tests: a hash in place of each BLS signature, which takes no time,
	 * protects nothing, and is verified by `verifyTestSignature` alone; agents and clients that are not given it refuse
	 * every certificate. The root key says so in its bytes, and differs from that of the same seed with BLS.
	 *
	 * @default "bls"
	 */
	readonly signatures?: Signatures;
	/** Nanoseconds since 1970. Default the system's clock. */
	readonly clock?: () => bigint;
	/** What the way to the network and its load are like, or a profile's name. Default as fast as can be. */
	readonly conditions?: Profile | Conditions;
	/** Milliseconds until a synchronous call is answered 202. Default 10,000. */
	readonly syncCallTimeoutMs?: number;
	/** Receives what canisters print, by textual canister id. Default nothing. */
	readonly log?: (canister: string, text: string) => void;
	/** Called after each executed message with what it took. */
	readonly onMessage?: (record: MessageRecord) => void;
	/** Called when a block takes its messages, before it executes them. */
	readonly onBlock?: (block: BlockRecord) => void;
	/** Stands between the socket and the network: sees every request before it is handled and every reply. */
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
	/** At the start; `Network.setConditions` changes them. */
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
