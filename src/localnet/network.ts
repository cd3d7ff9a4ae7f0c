/**
 * A local Internet Computer network inside Node, for tests, benches and examples.
 */
import { createAgent, type NetworkAgent } from "./agent.js";
import { Topology } from "./certification/topology.js";
import { type Conditions, resolveConditions, type Settings } from "./conditions/conditions.js";
import { Downlink } from "./conditions/downlink.js";
import { createLink } from "./conditions/link.js";
import type { Profile } from "./conditions/profiles.js";
import { seededRandom } from "./conditions/random.js";
import { Timers } from "./conditions/timers.js";
import { Uplink } from "./conditions/uplink.js";
import { principalText } from "./encoding/bytes.js";
import type { Metrics } from "./execution/accounting.js";
import type { BlockRecord } from "./execution/blocks.js";
import { canisterIdAt } from "./execution/canister-id.js";
import { Rounds } from "./execution/rounds.js";
import { Subnet } from "./execution/subnet.js";
import { Faults } from "./faults/faults.js";
import { FaultLayer } from "./faults/layer.js";
import { RequestLog } from "./faults/request-log.js";
import { Gateway } from "./gateway/gateway.js";
import { checkOptions } from "./given.js";
import { createApi } from "./http/api.js";
import { HttpServer } from "./http/server.js";
import type { InstructionLimits } from "./limits.js";
import type { InstallOptions, PrincipalLike, UpgradeOptions } from "./management/install-options.js";
import { Operator } from "./management/operator.js";
import { type NetworkOptions, type NormalizedOptions, normalizeOptions } from "./options.js";

/** A network inside this process, until it is disposed. */
export class Network {
	/** Resolves when the network accepts requests; rejects if the port is not available. */
	readonly ready: Promise<void>;
	/** Instruction limits of a message, enforced with `metering`. May be changed at any time. */
	readonly instructionLimits: InstructionLimits;
	/** Rules that assign faults to requests. */
	readonly faults = new Faults();
	/** Log of the requests, in order of arrival. */
	readonly requests = new RequestLog();
	readonly #timers = new Timers();
	#settings: Settings;
	readonly #topology: Topology;
	readonly #subnet: Subnet;
	readonly #rounds: Rounds;
	readonly #operator: Operator;
	readonly #server: HttpServer;
	#port: number | undefined;
	#disposed: Promise<void> | undefined;

	/** @internal */
	constructor(options: NormalizedOptions) {
		this.instructionLimits = options.instructionLimits;
		this.#settings = options.conditions;
		const settings = () => this.#settings;
		const timers = this.#timers;
		this.#topology = new Topology(options.seed, options.signatures);
		this.#subnet = new Subnet(options, this.#topology, { settings, timers });
		this.#rounds = new Rounds(this.#subnet, options.clock, settings);
		this.#operator = new Operator(this.#subnet, this.#rounds);
		const api = { subnet: this.#subnet, rounds: this.#rounds, topology: this.#topology, options };
		const link = createLink(settings, seededRandom(options.seed, "conditions"), timers);
		const way = new FaultLayer(api, timers, this.faults, this.requests).around(link);
		const line = { up: new Uplink(settings, timers), down: new Downlink(settings, timers) };
		this.#server = new HttpServer(
			createApi(api),
			options.middleware,
			way,
			line,
			(network) => new Gateway(this.#topology, network, options.clock),
		);
		this.ready = this.#server.listen(options.port).then((port) => {
			this.#port = port;
			this.#rounds.start();
		});
	}

	/** `http://127.0.0.1:<port>`, for an agent's `host`; known after `ready`. */
	get url(): string {
		if (this.#port === undefined) throw new Error("the network is not ready: await network.ready");
		return `http://127.0.0.1:${this.#port}`;
	}

	/** A principal in this network's range: the effective canister id of calls that create canisters. */
	get effectiveCanisterId(): string {
		return principalText(canisterIdAt(0));
	}

	/**
	 * Creates a canister and installs a Wasm. @returns its id. It makes no request: it needs no signature and no fee,
	 * and skips faults, conditions and the request log. Rejects if the Wasm cannot be installed, and leaves no canister
	 * behind.
	 */
	install(wasm: Uint8Array, options: InstallOptions = {}): Promise<string> {
		return this.#operator.install(wasm, options);
	}

	/** Upgrades a canister as its first controller. */
	upgrade(canister: PrincipalLike, wasm: Uint8Array, options: UpgradeOptions = {}): Promise<void> {
		return this.#operator.upgrade(canister, wasm, options);
	}

	/**
	 * An HttpAgent for this network, of @icp-sdk/core if that is installed, else of @dfinity/agent. It trusts this
	 * network's root key. Without an identity it is anonymous. Name its type: `network.agent<HttpAgent>(identity)`.
	 */
	async agent<Agent extends NetworkAgent = NetworkAgent>(identity?: object): Promise<Agent> {
		checkOptions(identity, "identity");
		return createAgent(this.url, this.rootKey, this.#topology.signatures, identity) as Promise<Agent>;
	}

	/**
	 * URL of a canister's site, `http://<canister>.localhost:<port>/`: its `http_request` behind a verifying gateway.
	 */
	siteOf(canister: string): string {
		return `http://${canister}.localhost:${new URL(this.url).port}/`;
	}

	/** The root subnet's public key in DER, 133 bytes, for an agent's `rootKey`. */
	get rootKey(): Uint8Array {
		return Uint8Array.from(this.#topology.root.publicDer);
	}

	/** Resource use of all messages so far, or of one canister's (textual id). */
	metrics(canister?: string): Metrics {
		return this.#subnet.accounting.metrics(canister);
	}

	/** Records of the latest 100,000 blocks, the oldest first. */
	get blocks(): readonly BlockRecord[] {
		return this.#subnet.blocks.records;
	}

	/** The current conditions, with defaults filled in. */
	get conditions(): Settings {
		return this.#settings;
	}

	/** Replaces all conditions. Omitted ones return to no delay, limit or loss. */
	setConditions(conditions: Profile | Conditions): void {
		this.#settings = resolveConditions(conditions);
		if (this.#port !== undefined) this.#rounds.start();
	}

	/** Makes a block now, even if none is due: for tests that move the clock. */
	tick(): void {
		this.#rounds.run();
	}

	/** Stops the network and frees the port. May be called more than once. */
	dispose(): Promise<void> {
		this.#disposed ??= (async () => {
			this.#rounds.stop();
			this.#timers.stop();
			await this.ready.catch(() => {});
			await this.#server.close();
		})();
		return this.#disposed;
	}

	/** Like `dispose`, for `await using`. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}
}

/** Starts a network. Resolves when it accepts requests. */
export async function createNetwork(options: NetworkOptions = {}): Promise<Network> {
	const network = new Network(normalizeOptions(options));
	await network.ready;
	return network;
}
