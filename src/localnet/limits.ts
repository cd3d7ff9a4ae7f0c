/**
 * Limits and charges of the Internet Computer, for a 13-node application subnet.
 *
 * Sources: the IC interface specification, and for constants that it leaves open, the replica's code (rs/limits,
 * rs/config/src/subnet_config.rs, rs/config/src/http_handler.rs, rs/embedders).
 */

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const SECOND_NS = 1_000_000_000n;

export const SIZES = {
	/** Maximum number of snapshots of one canister. */
	snapshots: 10,
	/** One ingress message: the signed CBOR envelope and 32 bytes for its id (rs/limits MAX_INGRESS_BYTES_PER_MESSAGE). */
	ingressMessageBytes: 2 * MiB,
	ingressMessageOverheadBytes: 32,
	/** Body of any HTTP request (rs/config http_handler max_request_size_bytes). */
	httpBodyBytes: 5 * MiB,
	/** Ingress in one block (rs/limits MAX_INGRESS_MESSAGES_PER_BLOCK, MAX_INGRESS_BYTES_PER_BLOCK). */
	blockIngressBytes: 4 * MiB,
	blockIngressMessages: 1_000,
	/** Reply of an update, reply or argument of a call between canisters. */
	replicatedReplyBytes: 2 * MiB,
	interCanisterPayloadBytes: 2 * MiB,
	/** Reply of a query that is not replicated. */
	queryReplyBytes: 3 * MiB,
	stableMemoryBytes: 500 * GiB,
	certifiedDataBytes: 32,
	/** Chunk store of the management canister: 1 MiB a chunk, 100 chunks. */
	wasmChunkBytes: MiB,
	wasmChunks: 100,
	methodNameBytes: 20_000,
	controllers: 10,
	/** Maximum number of principals in a visibility setting. */
	viewers: 10,
	/** Maximum size of a canister's log: all records and their contents (rs/types canister_log). */
	logBytes: 4 * KiB,
	logMemoryBytes: 2 * MiB,
	/** Environment variables of a canister (rs/config execution_environment), and each one's name and value. */
	environmentVariables: 20,
	environmentVariableBytes: 128,
	nonceBytes: 32,
	delegations: 20,
	delegationTargets: 1_000,
	readStatePaths: 1_000,
	readStatePathLabels: 127,
} as const;

export const TIMES = {
	/** An envelope may expire at most this far ahead: 5 minutes, and half a minute for clocks that differ. */
	ingressTtlNs: 300n * SECOND_NS,
	ingressDriftNs: 30n * SECOND_NS,
	/** How long an answered request stays in the state tree, counted from its answer. */
	requestStatusNs: 300n * SECOND_NS,
	/** A synchronous call without a certificate by then gets status 202. */
	syncCallMs: 10_000,
	/** Certified time older than this is renewed before a query or a read_state sees it. */
	stateMaxAgeNs: 1n * SECOND_NS,
	/** Delegations are long-lived on the IC (renewed with each replica version). */
	delegationMaxAgeNs: 86_400n * SECOND_NS,
} as const;

/** Instructions one message may take, by entry point. Over the limit: IC0522. */
export const INSTRUCTION_LIMITS: Readonly<InstructionLimits> = {
	update: 40_000_000_000n,
	query: 5_000_000_000n,
	install: 300_000_000_000n,
	inspect: 200_000_000n,
};
/** Instructions that one message may take, by entry point. */
export interface InstructionLimits {
	/** An update, a timer, a callback, a heartbeat. */
	update: bigint;
	/** A query that is not replicated. */
	query: bigint;
	/** Installing code, with `init` or the hooks of an upgrade. */
	install: bigint;
	/** `inspect_message`. */
	inspect: bigint;
}

/** Host side of metering (rs/embedders system_api_complexity.rs); the Wasm side is wasm/meter.ts. */
export const PAGE_BYTES = 4 * KiB;
export const DIRTY_PAGE_INSTRUCTIONS = 1_000n;

export const CYCLES = {
	ingressReception: 1_200_000n,
	ingressByte: 2_000n,
	updateExecution: 5_000_000n,
	instruction: 1n,
	/** rs/config: default balance of a canister made by provisional_create_canister_with_cycles (100 T). */
	provisionalBalance: 100_000_000_000_000n,
	createCanister: 500_000_000_000n,
	callBase: 260_000n,
	callByte: 1_000n,
} as const;
