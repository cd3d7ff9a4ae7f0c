import { Principal } from "@dfinity/principal";
import { Engine, Refusal, type Settings } from "../../../src/canister/engine/index.js";
import type { AgentLike } from "../../../src/client/call/agent.js";
import { retry } from "../../../src/client/call/retry.js";
import { type ClientContext, type Connection, NO_CHANGE } from "../../../src/client/context.js";
import { BlobError, type BlobErrorOf, CanisterError, ofItem } from "../../../src/client/errors/errors.js";
import { Lane } from "../../../src/client/lane/lane.js";
import { nodePorts } from "../../../src/client/node/ports.js";
import { type BlobClientOptions, normalise } from "../../../src/client/options.js";
import { Notes } from "../../../src/client/sessions/notes.js";
import { raceAbort, throwIfAborted } from "../../../src/client/util/abort.js";
import type { ErrorCode, MethodArgs, MethodName } from "../../../src/protocol/index.js";
import { askWire } from "../../canister/engine/ask.js";
import { FakeHost, MapStorage } from "../../canister/engine/surroundings.js";

/** Somebody else. */
export const OTHER = Uint8Array.of(9, 9, 9, 2);

export interface Call {
	readonly method: MethodName;
	readonly args: readonly unknown[];
	readonly kind: "update" | "query";
	/** Counts calls of this method, from 0. */
	readonly nth: number;
}

/** What happens to a call: before it, in place of its answer, or after it. */
export interface Hooks {
	before?(call: Call): void | Promise<void>;
	answer?(call: Call, answer: unknown): unknown;
}

/**
 * The store's own engine in memory, called without a network: for what a transfer does with its answers. How calls
 * travel is tested elsewhere.
 */
export class MemoryStore {
	engine: Engine;
	readonly host: FakeHost;
	readonly #storage = new MapStorage();
	/** Controls the store, and calls it unless the host has another sender. */
	readonly owner = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 2);
	readonly calls: Call[] = [];
	hooks: Hooks = {};
	/** Calls under way, and the most there were at a time. */
	running = 0;
	mostRunning = 0;

	readonly #settings: Settings;

	constructor(settings: Settings = {}) {
		this.#settings = settings;
		this.host = new FakeHost(this.owner);
		this.engine = new Engine(this.#storage, this.host, settings);
		this.engine.start();
	}

	/** As an upgrade does: what is in the heap is gone, what is stored stays. */
	upgrade(settings = this.#settings): void {
		this.engine = new Engine(this.#storage, this.host, settings);
		this.engine.start();
	}

	/** What a client has that talks to this store. Each is another tab: they share nothing but the store. */
	context(options: Partial<BlobClientOptions> & { trust?: ClientContext["trust"] } = {}): ClientContext {
		const settings = normalise(
			{
				agent: {} as never,
				canisterId: "aaaaa-aa",
				...options,
				retry: { baseDelayMs: 0, ...options.retry },
			},
			nodePorts,
		);
		const call = async (
			kind: Call["kind"],
			method: MethodName,
			args: readonly unknown[],
			signal?: AbortSignal,
		) => {
			const nth = this.count(method);
			const one = { method, args, kind, nth };
			this.calls.push(one);
			this.mostRunning = Math.max(this.mostRunning, ++this.running);
			try {
				await raceAbort(Promise.resolve(this.hooks.before?.(one)), signal);
				// Somebody else's turn, as there always is between two messages.
				await new Promise((resolve) => setImmediate(resolve));
				const answer = this.#execute(method, args);
				return this.hooks.answer ? this.hooks.answer(one, answer) : answer;
			} finally {
				this.running--;
			}
		};
		const caller = {
			update: async (
				method: MethodName,
				args: readonly unknown[],
				options: { signal?: AbortSignal; onSent?: () => void },
			) => {
				throwIfAborted(options.signal);
				options.onSent?.();
				return call("update", method, args);
			},
			query: (
				method: MethodName,
				args: readonly unknown[],
				options: { retryable?: (error: unknown) => boolean; signal?: AbortSignal; onSent?: () => void },
				check?: (answer: unknown) => Promise<void>,
			) =>
				retry(
					async () => {
						options.onSent?.();
						const answer = await call("query", method, args, options.signal);
						await check?.(answer);
						return answer;
					},
					{ policy: settings.retry, ports: settings.ports, ...options },
				),
		} as unknown as ClientContext["caller"];
		const trust = options.trust ?? {
			// The host's stand-in for a certificate is what it would certify.
			certified: async (data: Uint8Array) => ({ data, ms: this.host.time }),
			nowMs: () => this.host.time,
			principal: async () => this.host.sender,
		};
		return {
			caller,
			trust,
			settings,
			principal: async () => Principal.fromUint8Array(this.owner),
			connect: (agent) => agent as unknown as Connection,
			lanes: {
				upload: new Lane(settings.concurrency.upload, settings.ports),
				download: new Lane(settings.concurrency.download, settings.ports),
			},
			sendLimit: { bytes: Number.POSITIVE_INFINITY },
			notes: new Notes(options.sessions, settings.canisterId.toText(), settings.ports),
			busyUploads: new Set(),
			seen: { version: NO_CHANGE },
			standing: {},
		};
	}

	/** What `resume` takes: a new sign-in of the owner, or of somebody else. Hooks see its calls too. */
	agent(principal: Uint8Array = this.owner): AgentLike {
		const { caller, trust } = this.context();
		const connection: Connection & Pick<AgentLike, "getPrincipal"> = {
			caller,
			trust,
			principal: async () => Principal.fromUint8Array(principal),
			getPrincipal: async () => Principal.fromUint8Array(principal),
			moduleHash: async () => new Uint8Array(32),
		};
		return connection as unknown as AgentLike;
	}

	count(method: MethodName): number {
		return this.calls.filter((call) => call.method === method).length;
	}

	/** Calls the store as somebody else, past all hooks. */
	async direct(method: MethodName, ...args: unknown[]): Promise<unknown> {
		return this.#execute(method, args);
	}

	#execute(method: MethodName, args: readonly unknown[]): unknown {
		try {
			return askWire(this.engine, method, ...(args as MethodArgs<MethodName>));
		} catch (error) {
			if (error instanceof Refusal)
				throw ofItem(new CanisterError(error.wire) as BlobErrorOf<ErrorCode>, error.item);
			throw error instanceof BlobError ? error : new Error(`trap: ${String(error)}`, { cause: error });
		}
	}
}

/** Bytes that are nothing twice, the same for the same seed. */
export function pseudoBytes(length: number, seed = 1): Uint8Array {
	const bytes = new Uint8Array(length);
	let state = seed >>> 0 || 1;
	for (let i = 0; i < length; i++) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		bytes[i] = state;
	}
	return bytes;
}
