import { trap } from "azle";
import { MEMORIES } from "../host/memory.js";

/**
 * What else runs in the canister, as Azle's own globals show it: stable maps of an application, its classes, and other
 * copies of this package. Azle hands the memory of a map to each who names its id, so two maps under one id overwrite
 * each other without an error. Everything here refuses while the canister installs or upgrades, or the message that
 * would make such a map.
 */

/** The parts of Azle's stable template that are used here; Azle exports none of them. */
interface AzleGlobals {
	/** True in the canister; the build runs the same code to collect the methods, without stable memory. */
	readonly _azleIcpReplicaWasmEnvironment?: boolean;
	readonly _azleIc?: {
		stableBTreeMapInit(memoryId: number): void;
		/** Throws where no map was made under this id. */
		stableBTreeMapLen(memoryId: number): number;
	};
}
const globals = globalThis as AzleGlobals;

/** Set on the class that Azle instantiates: the methods of all classes that the canister exports. */
interface ClassMeta {
	readonly methodMeta: { readonly queries?: readonly Named[]; readonly updates?: readonly Named[] };
}
interface Named {
	readonly name: string;
}

/** Shared by all copies of the package, whatever their version. */
const RUNNING = Symbol.for("canister-blobs: a store runs in this canister");

/** Memory ids of a store that begins at `offset`, while its own maps are not made yet. */
export class ReservedMemory {
	readonly #first: number;
	readonly #last: number;
	#isOwnUse = false;

	/** Traps if the application has made a map in the store's range already, or as soon as it makes one. */
	constructor(offset: number) {
		this.#first = offset;
		this.#last = offset + MEMORIES - 1;
		const ic = globals._azleIc;
		if (globals._azleIcpReplicaWasmEnvironment !== true || ic === undefined) return;
		const taken: number[] = [];
		for (let id = this.#first; id <= this.#last; id++) if (isMade(ic, id)) taken.push(id);
		if (taken.length > 0) this.#refuse(taken);
		const make = ic.stableBTreeMapInit;
		ic.stableBTreeMapInit = (id) => {
			if (id >= this.#first && id <= this.#last && !this.#isOwnUse) this.#refuse([id]);
			make(id);
		};
	}

	/** Runs what makes the store's own maps. */
	use<T>(open: () => T): T {
		this.#isOwnUse = true;
		try {
			return open();
		} finally {
			this.#isOwnUse = false;
		}
	}

	#refuse(ids: readonly number[]): never {
		trap(
			`canister-blobs: the application makes a stable map under memory id ${ids.join(", ")}, and ids ${this.#first} ` +
				`to ${this.#last} belong to the blob store. Give the map another id, or the store another memoryOffset ` +
				"(a store that holds data must keep its own).",
		);
	}
}

function isMade(ic: NonNullable<AzleGlobals["_azleIc"]>, id: number): boolean {
	try {
		ic.stableBTreeMapLen(id);
		return true;
	} catch {
		return false;
	}
}

/**
 * The methods beside the store's own that the canister exports, by the class that Azle instantiated.
 * @param http those of HTTP gateways that are the store's
 */
export function methodsBeside(storeClass: object, http: readonly string[]): string[] {
	const others = methodsOf(storeClass).filter((name) => !name.startsWith("blobs_"));
	for (const own of http)
		if (others.indexOf(own) !== others.lastIndexOf(own))
			trap(
				`canister-blobs: the canister has an \`${own}\` of its own, and so has the store. Say \`ownLifecycle: true\` to ` +
					"createBlobStore, and ask the store's httpRequest and httpRequestUpdate in yours.",
			);
	return others.filter((name) => !http.includes(name));
}

/** Throws, so that the build fails, if the canister exports a store already. */
export function refuseSecondClass(storeClass: object): void {
	if (methodsOf(storeClass).includes("blobs_status"))
		throw new Error(
			"canister-blobs: this canister exports two blob stores. Export one: its methods can exist only once.",
		);
}

function methodsOf(storeClass: object): string[] {
	const { _azleCanisterClassMeta: meta } = storeClass as { _azleCanisterClassMeta?: ClassMeta };
	const { queries = [], updates = [] } = meta?.methodMeta ?? {};
	return [...queries, ...updates].map(({ name }) => name);
}

/** Traps if a store was started already, by this copy of the package or another. */
export function claimCanister(): void {
	if (Object.hasOwn(globalThis, RUNNING))
		trap(
			"canister-blobs: a blob store was started in this canister already. Make one store, from one copy of the " +
				"package (`npm ls canister-blobs` lists the copies), and call its init or postUpgrade once.",
		);
	Object.defineProperty(globalThis, RUNNING, { value: true });
}
