/**
 * Abstract behavior: the application subnet. Ingress messages wait in a pool, blocks take them from it, and after each
 * block the new state is certified.
 */
import { createHash } from "node:crypto";
import { CertifiedState, type Delegation } from "../certification/certificate.js";
import { Directory, Leaf } from "../certification/hash-tree.js";
import type { DelegationFormat, Topology } from "../certification/topology.js";
import type { Path } from "../certification/witness.js";
import type { Settings } from "../conditions/conditions.js";
import type { Timers } from "../conditions/timers.js";
import { hex, leb128, MANAGEMENT_CANISTER, utf8 } from "../encoding/bytes.js";
import { TIMES } from "../limits.js";
import { Management } from "../management/management.js";
import type { NormalizedOptions } from "../options.js";
import { SystemCanisters } from "../system-canisters/system-canisters.js";
import { Accounting } from "./accounting.js";
import { BlockLog } from "./blocks.js";
import { Calls, notFound, outOfCycles, rejected } from "./calls.js";
import type { Canister } from "./canister.js";
import { canisterIdAt } from "./canister-id.js";
import { charge, Executor } from "./executor.js";
import { Fees } from "./fees.js";
import { IngressPool } from "./ingress-pool.js";
import type { Response } from "./message.js";
import { type Reject, RejectCode, reject } from "./rejects.js";
import { RequestHistory } from "./request-history.js";
import { CanisterTrees } from "./state-tree.js";

/** An ingress message that its node has accepted. */
export interface Ingress {
	readonly id: Uint8Array;
	readonly sender: Uint8Array;
	readonly canister: Uint8Array;
	readonly effectiveCanister: Uint8Array;
	readonly method: string;
	readonly arg: Uint8Array;
	readonly expiry: bigint;
	/** Size of the signed message. */
	readonly bytes: number;
}

/** The functions that a subnet needs from the network. */
export interface Surroundings {
	readonly settings: () => Settings;
	readonly timers: Timers;
}

interface NewState {
	readonly state: CertifiedState;
	/** Requests whose response first appears in this state. */
	readonly finished: readonly string[];
}

/** Maximum number of calls between canisters in one block; further calls wait for the next. */
const TASKS_PER_BLOCK = 10_000;

export class Subnet {
	readonly history = new RequestHistory();
	readonly accounting: Accounting;
	readonly executor: Executor;
	readonly pool: IngressPool;
	readonly blocks: BlockLog;
	readonly management: Management;
	readonly systemCanisters: SystemCanisters;
	/** Rejects by request id for messages that are not executed. */
	readonly rejectInstead = new Map<string, Reject>();
	readonly #options: NormalizedOptions;
	readonly #topology: Topology;
	readonly #canisters = new Map<string, Canister>();
	readonly #trees = new CanisterTrees();
	readonly #calls: Calls;
	readonly #surroundings: Surroundings;
	readonly #waiters = new Map<string, (() => void)[]>();
	#state: CertifiedState;
	/** Uncertified states of blocks, the oldest first. */
	#uncertified: NewState[] = [];
	#time: bigint;
	#nextCanister = 0;
	#randomCounter = 0n;
	#ingressMessages = 0n;

	constructor(options: NormalizedOptions, topology: Topology, surroundings: Surroundings) {
		this.#options = options;
		this.#topology = topology;
		this.#surroundings = surroundings;
		this.pool = new IngressPool(surroundings.settings);
		this.blocks = new BlockLog(options.onBlock);
		this.#time = options.clock();
		this.accounting = new Accounting(options.onMessage);
		const fees = new Fees(options.costSchedule);
		this.executor = new Executor(
			{
				fees,
				rootKey: topology.root.publicDer,
				subnetId: topology.application.subnetId,
				log: (canister, text) => options.log(canister.text, text),
			},
			this.accounting,
			options.metering,
			options.instructionLimits,
			fees,
		);
		const canister = (id: Uint8Array) => this.canister(id);
		const time = () => this.#time;
		this.management = new Management({
			executor: this.executor,
			canister,
			time,
			newCanisterId: (specified) => this.#newCanisterId(specified),
			addCanister: (added) => void this.#canisters.set(hex(added.id), added),
			removeCanister: (removed) => {
				this.#canisters.delete(hex(removed.id));
				this.#trees.remove(removed);
			},
			abandon: (abandoned) => this.#calls.abandon(abandoned),
			random: () => this.#random(),
		});
		this.systemCanisters = new SystemCanisters(topology.application.subnetId, this.management);
		this.#calls = new Calls({
			executor: this.executor,
			management: this.management,
			systemCanisters: this.systemCanisters,
			canister,
			time,
			answered: (id, response) => this.history.finish(id, response, this.#time),
			processing: (id) => this.history.update(id, "processing"),
		});
		this.#state = this.#newState().state;
	}

	canister(id: Uint8Array): Canister | undefined {
		return this.#canisters.get(hex(id));
	}

	get canisters(): Iterable<Canister> {
		return this.#canisters.values();
	}

	/** The latest certified state. At most a second old, unless a newer one awaits its certificate. */
	state(): CertifiedState {
		const now = this.#options.clock();
		if (this.#uncertified.length === 0 && now - this.#state.time > TIMES.stateMaxAgeNs) {
			this.#advance(now);
			this.#publish(this.#newState());
		}
		return this.#state;
	}

	delegation(format: DelegationFormat): Delegation {
		return this.#topology.delegation(format, this.#state.time);
	}

	/** A certificate of these paths, by the subnet of the canister or with this id. */
	certificate(paths: readonly Path[], format: DelegationFormat, target: Uint8Array): Buffer {
		const state = this.state();
		const key = this.#topology.subnetOf(target);
		return state.signedBy(key).certificate(paths, this.#topology.delegation(format, state.time, key));
	}

	/** Adds a message to the pool. */
	submit(ingress: Ingress): void {
		this.history.add(hex(ingress.id), {
			id: ingress.id,
			sender: ingress.sender,
			effectiveCanister: ingress.effectiveCanister,
			expiry: ingress.expiry,
			status: "accepted",
			response: undefined,
			finishedAt: 0n,
			isCertified: false,
		});
		this.pool.add(ingress);
	}

	/** Calls the management canister as `caller` in the next block, without an ingress message and its fee. */
	manage(caller: Uint8Array, method: string, arg: Uint8Array): Promise<Response> {
		return new Promise((answer) =>
			this.#calls.enqueue({
				kind: "call",
				origin: { kind: "operator", answer },
				caller,
				callee: MANAGEMENT_CANISTER,
				method,
				arg,
				cycles: 0n,
			}),
		);
	}

	/** Resolves once the request's answer is certified. */
	whenFinished(id: string): Promise<void> {
		return new Promise((resolve) => {
			const waiting = this.#waiters.get(id);
			if (waiting) waiting.push(resolve);
			else this.#waiters.set(id, [resolve]);
		});
	}

	/** Whether a block would have work to do. */
	get busy(): boolean {
		return this.pool.size > 0 || this.#calls.pending;
	}

	/** When the next timer is due, in nanoseconds since 1970; 0 for a heartbeat. */
	nextTaskTime(): bigint | undefined {
		let next: bigint | undefined;
		for (const canister of this.#canisters.values()) {
			if (canister.status !== "running") continue;
			if (canister.exports("canister_heartbeat")) return 0n;
			const due = canister.globalTimer;
			if (due > 0n && canister.exports("canister_global_timer") && (next === undefined || due < next))
				next = due;
		}
		return next;
	}

	executeBlock(): void {
		this.#advance(this.#options.clock());
		for (const canister of this.#canisters.values()) this.#scheduleTasks(canister);
		const taken = this.pool.takeBlock();
		this.blocks.add(this.#time, taken);
		for (const ingress of taken) this.#induct(ingress);
		this.#calls.drain(TASKS_PER_BLOCK);
		this.#certify();
	}

	#advance(now: bigint): void {
		this.#time = now > this.#time ? now : this.#time + 1n;
	}

	#scheduleTasks(canister: Canister): void {
		if (canister.globalTimer > 0n && canister.globalTimer <= this.#time && canister.status === "running") {
			canister.globalTimer = 0n;
			this.#calls.enqueue({ kind: "task", canister, entry: "canister_global_timer" });
		}
		if (canister.exports("canister_heartbeat")) {
			this.#calls.enqueue({ kind: "task", canister, entry: "canister_heartbeat" });
		}
	}

	#induct(ingress: Ingress): void {
		const { canister: callee, method, arg, sender } = ingress;
		const id = hex(ingress.id);
		this.#ingressMessages++;
		this.history.update(id, "received");
		if (ingress.expiry < this.#time) {
			const text = `Ingress message ${id} timed out waiting to start executing.`;
			this.history.finish(id, rejected(reject(RejectCode.SysTransient, "IC0204", text)), this.#time);
			return;
		}
		const scripted = this.rejectInstead.get(id);
		if (scripted) {
			this.rejectInstead.delete(id);
			this.history.finish(id, rejected(scripted), this.#time);
			return;
		}
		const bytes = Buffer.byteLength(method) + arg.length;
		const fee = this.executor.fees.ingress(bytes);
		// A management call is charged to the canister that it manages, if that exists.
		const payer = this.canister(callee.length > 0 ? callee : ingress.effectiveCanister);
		const poor = payer && payer.cycles < fee;
		// System canisters charge for their own calls.
		const isKnown =
			payer !== undefined || callee.length === 0 || this.systemCanisters.get(callee) !== undefined;
		if (poor || !isKnown) {
			const reason = poor ? outOfCycles(payer, fee) : notFound(callee);
			this.history.finish(id, rejected(reason), this.#time);
			return;
		}
		if (payer) charge(payer, fee);
		this.#calls.enqueue({
			kind: "call",
			origin: { kind: "ingress", requestId: id },
			caller: sender,
			callee,
			method,
			arg,
			cycles: 0n,
			ingress: { bytes, fee: payer ? fee : 0n },
		});
	}

	/** Certifies the state after a block, at once or after `certificationMs`. */
	#certify(): void {
		const made = this.#newState();
		const { certificationMs } = this.#surroundings.settings();
		if (certificationMs === 0) {
			this.#publish(made);
			return;
		}
		this.#uncertified.push(made);
		this.#surroundings.timers.after(certificationMs, () => this.#publish(made));
	}

	/** A certificate includes everything that those of all earlier blocks would have shown. */
	#publish(made: NewState): void {
		if (made.state.time <= this.#state.time) return;
		this.#state = made.state;
		const isShown = ({ state }: NewState) => state.time <= made.state.time;
		const shown = new Set([...this.#uncertified.filter(isShown), made]);
		this.#uncertified = this.#uncertified.filter((each) => !isShown(each));
		const finished = [...shown].flatMap((each) => each.finished);
		if (finished.length > 0) queueMicrotask(() => this.#wake(finished));
	}

	#newState(): NewState {
		const { tree: requests, finished } = this.history.certify(this.#time);
		const consumed = this.accounting.metrics().cycles;
		const tree = Directory.of([
			...this.#topology.entries(this.#canisters.size, this.#ingressMessages, consumed),
			[utf8("canister"), this.#trees.update(this.#canisters.values())],
			[utf8("request_status"), requests],
			[utf8("time"), new Leaf(leb128(this.#time))],
		]);
		return { state: new CertifiedState(tree, this.#time, this.#topology.application), finished };
	}

	#wake(finished: readonly string[]): void {
		for (const id of finished) {
			this.history.certified(id);
			const waiting = this.#waiters.get(id);
			this.#waiters.delete(id);
			for (const resolve of waiting ?? []) resolve();
		}
	}

	#newCanisterId(specified?: Uint8Array): Uint8Array | undefined {
		if (specified) {
			return this.#topology.isFree(specified) && !this.canister(specified) ? specified : undefined;
		}
		for (;;) {
			const id = canisterIdAt(this.#nextCanister++);
			if (!this.canister(id)) return id;
		}
	}

	#random(): Uint8Array {
		const counter = Buffer.alloc(8);
		counter.writeBigUInt64BE(this.#randomCounter++);
		return createHash("sha256").update(this.#options.seed).update("raw_rand").update(counter).digest();
	}
}
