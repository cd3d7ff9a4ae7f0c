/**
 * A local Internet Computer network inside Node: what this project's tests, benches and examples need of one.
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
	/** Resolves when the network answers requests; rejects where the port cannot be had. */
	readonly ready: Promise<void>;
	/** What a message may take, where instructions are counted. A test may change it at any time. */
	readonly instructionLimits: InstructionLimits;
	/** What befalls which request. */
	readonly faults = new Faults();
	/** The requests that came, in order. */
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

	/** `http://127.0.0.1:<port>`, an agent's `host`; known once `ready`. */
	get url(): string {
		if (this.#port === undefined) throw new Error("the network is not ready: await network.ready");
		return `http://127.0.0.1:${this.#port}`;
	}

	/** A principal whose canister this network would have: the effective canister id of calls that create canisters. */
	get effectiveCanisterId(): string {
		return principalText(canisterIdAt(0));
	}

	/**
	 * Creates a canister and installs a Wasm into it; resolves with its id. No request is made of it: neither a signature
	 * nor a fee is needed, and faults, conditions and the log of requests do not see it. What cannot be installed rejects,
	 * and leaves no canister behind.
	 */
	install(wasm: Uint8Array, options: InstallOptions = {}): Promise<string> {
		return this.#operator.install(wasm, options);
	}

	/** Upgrades a canister, called by its first controller. */
	upgrade(canister: PrincipalLike, wasm: Uint8Array, options: UpgradeOptions = {}): Promise<void> {
		return this.#operator.upgrade(canister, wasm, options);
	}

	/**
	 * An HttpAgent for this network, of @icp-sdk/core where that is installed, else of @dfinity/agent. It trusts this
	 * network's root key. Without an identity it is anonymous. Name the type that it has: `network.agent<HttpAgent>(identity)`.
	 */
	async agent<Agent extends NetworkAgent = NetworkAgent>(identity?: object): Promise<Agent> {
		checkOptions(identity, "identity");
		return createAgent(this.url, this.rootKey, this.#topology.signatures, identity) as Promise<Agent>;
	}

	/** A canister's site, `http://<canister>.localhost:<port>/`: its `http_request` behind a gateway that verifies. */
	siteOf(canister: string): string {
		return `http://${canister}.localhost:${new URL(this.url).port}/`;
	}

	/** The root subnet's public key in DER, 133 bytes: an agent's `rootKey`. */
	get rootKey(): Uint8Array {
		return Uint8Array.from(this.#topology.root.publicDer);
	}

	/** What messages took so far: those of one canister (textual id), or all. */
	metrics(canister?: string): Metrics {
		return this.#subnet.accounting.metrics(canister);
	}

	/** Each block and what it took, oldest first; the latest 100,000. */
	get blocks(): readonly BlockRecord[] {
		return this.#subnet.blocks.records;
	}

	/** Those that hold now, with nothing left open. */
	get conditions(): Settings {
		return this.#settings;
	}

	/** Changes all conditions at once: what is not given is as fast as can be again. */
	setConditions(conditions: Profile | Conditions): void {
		this.#settings = resolveConditions(conditions);
		if (this.#port !== undefined) this.#rounds.start();
	}

	/** Makes a block now, also where none is due: for tests that move the clock themselves. */
	tick(): void {
		this.#rounds.run();
	}

	/** Stops everything and frees the port; may be called more than once. */
	dispose(): Promise<void> {
		this.#disposed ??= (async () => {
			this.#rounds.stop();
			this.#timers.stop();
			await this.ready.catch(() => {});
			await this.#server.close();
		})();
		return this.#disposed;
	}

	/** The same, by `await using`. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}
}

/** Starts a network; resolves when it answers requests. */
export async function createNetwork(options: NetworkOptions = {}): Promise<Network> {
	const network = new Network(normalizeOptions(options));
	await network.ready;
	return network;
}
