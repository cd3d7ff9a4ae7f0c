import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import {
	canisterSelf,
	init,
	inspectMessage,
	msgArgData,
	msgMethodName,
	msgReply,
	postUpgrade,
	query,
	trap,
	update,
} from "azle";
import { idlTypes } from "../../protocol/idl.js";
import {
	type ErrorCode,
	errorCode,
	HTTP_METHODS,
	MAX_GRANTS,
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	unit,
	type WireError,
	type WireGrantRole,
} from "../../protocol/index.js";
import { decodeArgs, encodeReply, isAcceptable } from "../candid/codec.js";
import { decodeHttpRequest, encodeHttpReply } from "../candid/http.js";
import {
	type Answer,
	BAD_REQUEST,
	type CertifiedTree,
	Engine,
	Refusal,
	type ServedAnswer,
	type ShownTree,
} from "../engine/index.js";
import {
	bytesOf,
	fromGrantTerms,
	type StoreGrant,
	type StoreGrantTerms,
	StoreRefusal,
	toGrant,
} from "./grants.js";
import { AzleHost } from "./host.js";
import { type HttpRequest, type HttpResponse, queryOf, responseOf } from "./http.js";
import { attachKernel } from "./kernel.js";
import { type BlobStoreOptions, CHOOSE_OFFSET, checkOptions } from "./options.js";
import { AzleStorage } from "./storage.js";
import { claimCanister, methodsBeside, ReservedMemory, refuseSecondClass } from "./surroundings.js";

export type { CertifiedTree, ServedAnswer, ShownTree } from "../engine/index.js";

/** The class to export from a canister's main file, alone or in an array beside an application's own. */
export interface BlobStoreClass {
	new (): object;
	/** What `init` must do: check the SHA-256, write the layout's version, arm timers. Traps if it cannot. */
	init(): void;
	/** What `post_upgrade` must do: check that this code fits the data, certify it again, arm timers. */
	postUpgrade(): void;
	/**
	 * What `inspect_message` must do about a call: whether to accept it, or undefined where the method is the
	 * application's, which decides. False for methods that the canister does not have, and for Azle's own.
	 */
	inspectMessage(): boolean | undefined;
	/**
	 * The answer to an HTTP gateway, certified (docs/HTTP.md), for an application's own `http_request`. Undefined where the
	 * application answers: with the setting `http.prefix` at all paths outside of that, unless it is a GET or HEAD that
	 * `serve` has an answer for; else where the path can be no blob's, such as `/` and what ends with a slash.
	 */
	httpRequest(request: HttpRequest): HttpResponse | undefined;
	/**
	 * Gives a grant, in an update of the application's: as an administrator, by the canister itself, which the feed names.
	 * Whoever it is for may hold 8. Answers its id.
	 * @throws StoreRefusal `invalid_argument`, `quota_exceeded` (`grants`); RangeError for arguments of other types
	 */
	grant(who: Principal, terms: StoreGrantTerms): Uint8Array;
	/**
	 * Takes a grant away, and all that is part of it; that there is none is no error.
	 * @throws StoreRefusal; RangeError for arguments of other types
	 */
	revokeGrant(who: Principal, id: Uint8Array): void;
	/**
	 * Call this in the update that takes away a right which `authorize` gave, such as by removing a user from a map. A
	 * staged batch is revealed by one change whose cost does not grow with its items, so `authorize` is asked about each
	 * item while the batch is prepared, before that change. After this call it is asked again about all of them, and a
	 * batch with an item that it refuses is not revealed. `who`: only the rights of this principal have changed. Give it if
	 * you can: a batch whose rights change again and again is never revealed. Giving a right needs no call.
	 * @throws RangeError where `who` is no principal
	 */
	ruleChanged(who?: Principal): void;
	/**
	 * The grants that a principal holds, in order of their ids, those that hold no more too until they are cleaned away.
	 * @throws RangeError where `who` is no principal
	 */
	grantsOf(who: Principal): StoreGrant[];
	/**
	 * The answer to an HTTP gateway's update, for an application's own `http_request_update`: `httpRequest` asks for one
	 * where the setting `http.exactRanges` allows it. Of an update `inspectMessage` says then whether to let it in.
	 */
	httpRequestUpdate(request: HttpRequest): HttpResponse | undefined;
	/**
	 * Certifies what is the application's own beside the blobs, in an update: from now on, also after upgrades, this stands
	 * under this label of the certified root; undefined: nothing. At most 16 labels of at most 64 bytes, which come after
	 * `feed` and are neither `http_expr` nor `private` nor `public`.
	 * @throws RangeError
	 */
	certify(label: string, tree: CertifiedTree | undefined): void;
	/**
	 * Answers GET and HEAD at a path of the application's, certified, in `init`, `post_upgrade` or any update: from now on
	 * until the next upgrade, after which the new code says what is answered. Undefined: no more. A path is not escaped
	 * (`/a page`); `/` is the canister's first page; `/*` and `/app/*` answer all paths below them that nothing else
	 * answers. At most 256 paths of at most 256 bytes, and 16 MiB of answers. Needs the setting `http.prefix`.
	 * @throws RangeError at a path within the prefix, and at what no answer may be
	 */
	serve(path: string, answer: ServedAnswer | undefined): void;
	/**
	 * What proves it, in a query: the system's certificate, and the hash tree of the root with these trees, all else
	 * pruned. Undefined in an update, whose reply is certified itself. Of a label under which nothing is certified it proves
	 * that.
	 * @throws RangeError where something else is certified under a label than is to be shown, and for a label given twice
	 */
	prove(shown: readonly ShownTree[]): CertifiedProof | undefined;
}

/** A proof of what an application certifies: both in CBOR (interface specification, "Certificate"). */
export interface CertifiedProof {
	/** The subnet's, of the canister's certified data. */
	readonly certificate: Uint8Array;
	/** The hash tree whose digest that is, pruned to what is shown. */
	readonly witness: Uint8Array;
}

/** Kept: what is freed behind types that stay leaves holes in the heap, and messages that fill them dirty more pages. */
const typeOf = idlTypes(IDL);

const wroteBefore = (name: MethodName) => `a bug of canister-blobs: ${name} wrote before it refused`;
const HTTP_UPDATE = "http_request_update";
const NAMES = Object.keys(METHODS) as MethodName[];
/** Not `in`, by which `toString` were one. */
const isMethod = (name: string): name is MethodName => Object.hasOwn(METHODS, name);

/** Makes a blob store: a class whose methods, all named `blobs_…`, are the protocol (docs/PROTOCOL.md). */
export function createBlobStore(options: BlobStoreOptions = {}): BlobStoreClass {
	checkOptions(options);
	const { memoryOffset = 0, sha256, ownLifecycle = false, allowEmptyStore = false } = options;
	const memory = new ReservedMemory(memoryOffset);
	const hasExact = options.http?.exactRanges !== undefined;
	/** Methods of HTTP gateways that the class brings. */
	const http = ownLifecycle ? [] : ["http_request", ...(hasExact ? [HTTP_UPDATE] : [])];

	let running: { engine: Engine; storage: AzleStorage } | undefined;
	let exported: object | undefined;
	/** While a method of the store runs, which may ask the application's rules; a trap takes it back. */
	let isAnswering = false;
	const refuseWithinRule = (name: string) => {
		if (isAnswering) throw new Error(`canister-blobs: ${name} was called within a rule of the application`);
	};
	const open = () => {
		claimCanister();
		const [other] = exported === undefined ? [] : methodsBeside(exported, http);
		if (options.memoryOffset === undefined && other !== undefined)
			trap(
				`canister-blobs: the canister has methods of its own (${other}), and no memoryOffset. ${CHOOSE_OFFSET}`,
			);
		const missing = sha256 === undefined ? attachKernel() : undefined;
		if (missing !== undefined) trap(missing);
		return memory.use(() => {
			const storage = new AzleStorage(memoryOffset);
			// Before the engine, which writes when it is made.
			const filled = storage.filled();
			const engine: Engine = new Engine(storage, new AzleHost(sha256, () => engine.clean()), options);
			running = { engine, storage };
			return { engine, filled };
		});
	};
	const started = () => running ?? trap("the store was not started: call its init and postUpgrade in yours");
	const httpRequest = (request: HttpRequest): HttpResponse | undefined => {
		const reply = started().engine.http(queryOf(request), false);
		return reply && responseOf(reply);
	};
	/** Anybody causes such updates: what they may cost is counted by the bytes that they bring, too. */
	const httpRequestUpdate = (request: HttpRequest): HttpResponse | undefined => {
		const reply = started().engine.httpUpdate(() => queryOf(request), msgArgData().length, false);
		return reply && responseOf(reply);
	};
	const initialize = () => open().engine.start();
	const upgrade = () => {
		const { engine, filled } = open();
		if (engine.isNew) {
			const none = `canister-blobs: no store was found from memory id ${memoryOffset} on`;
			if (filled.length > 0)
				trap(
					`${none}, and something else is stored under id ${filled.join(", ")}. Choose another memoryOffset.`,
				);
			if (!allowEmptyStore)
				trap(
					`${none}. If memoryOffset was changed, change it back; if this upgrade adds the store to the canister, ` +
						"say `allowEmptyStore: true`.",
				);
		}
		engine.start();
	};

	/** A call of the application's own code. */
	function ask<Name extends MethodName>(
		name: Name,
		argsOf: (id: Uint8Array) => MethodArgs<Name>,
	): MethodOk<Name> {
		const { engine, storage } = started();
		refuseWithinRule(name);
		const before = storage.writes;
		try {
			// What these methods answer is made whole, not in parts.
			return engine.callAs(canisterSelf().toUint8Array(), name, argsOf) as MethodOk<Name>;
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			if (storage.writes !== before || engine.isChanged) trap(wroteBefore(name));
			const code = errorCode(error.wire);
			throw new StoreRefusal(code, (error.wire as unknown as Record<string, unknown>)[code]);
		}
	}
	const grant: BlobStoreClass["grant"] = (who, grantTerms) => {
		bytesOf(who);
		const terms = fromGrantTerms(grantTerms);
		const role = unit<WireGrantRole>(grantTerms.role);
		let given: Uint8Array | undefined;
		ask("blobs_give_grant", (id) => {
			given = id;
			return [{ id, who, role, terms, under: [], as: [] }];
		});
		return given!;
	};
	const revokeGrant: BlobStoreClass["revokeGrant"] = (who, id) => {
		bytesOf(who);
		if (!(id instanceof Uint8Array)) throw new RangeError("the id of a grant is a Uint8Array");
		ask("blobs_revoke_grant", (change) => [{ id: change, who, grant: id }]);
	};
	const ruleChanged: BlobStoreClass["ruleChanged"] = (who) => {
		refuseWithinRule("ruleChanged");
		started().engine.ruleChanged(who === undefined ? who : bytesOf(who));
	};
	const grantsOf: BlobStoreClass["grantsOf"] = (who) => {
		bytesOf(who);
		return ask("blobs_list_grants", () => [
			{ of: { held_by: who }, after: [], limit: MAX_GRANTS },
		]).grants.map(toGrant);
	};

	const certify: BlobStoreClass["certify"] = (label, tree) => {
		const { engine } = started();
		refuseWithinRule("certify");
		engine.mount(label, tree);
	};
	const serve: BlobStoreClass["serve"] = (path, answer) => {
		const { engine } = started();
		refuseWithinRule("serve");
		engine.serve(path, answer);
	};
	const prove: BlobStoreClass["prove"] = (shown) => {
		const { certificate, witness } = started().engine.proofOf(shown);
		if (certificate[0] === undefined || witness[0] === undefined) return undefined;
		return { certificate: certificate[0], witness: witness[0] };
	};

	function answer(name: MethodName): void {
		const { engine, storage } = started();
		const before = storage.writes;
		let result: { ok: Answer<MethodName> } | { err: WireError; item?: number };
		let refusal: ErrorCode | undefined;
		try {
			const argument = msgArgData();
			isAnswering = true;
			result = { ok: engine.call(name, () => decodeArgs(name, argument), argument.length) };
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			// Whoever refuses must not have changed anything: half a change would stay. The trap takes it all back.
			if (storage.writes !== before || engine.isChanged) trap(wroteBefore(name));
			result = error.item === undefined ? { err: error.wire } : { err: error.wire, item: error.item };
			refusal = errorCode(error.wire);
		}
		isAnswering = false;
		msgReply(encodeReply(name, result));
		if (METHODS[name].kind === "update") engine.tally(name, refusal);
		else engine.countQuery();
	}

	/** Refuses what cannot be of use, before the canister pays for it: no error can be given, and one node decides. */
	function accepts(): boolean | undefined {
		const name = msgMethodName();
		// Azle exports methods of its own, too, which no class brought: `_azle_chunk` is an empty update for everybody.
		if (name === HTTP_UPDATE && hasExact) {
			if (isOutside()) return undefined;
			return running?.engine.letsHttp(msgArgData().length) ?? false;
		}
		if (!isMethod(name))
			return exported !== undefined && methodsBeside(exported, http).includes(name) ? undefined : false;
		if (running === undefined) return false;
		const argument = msgArgData();
		return running.engine.lets(name, argument.length, () => isAcceptable(name, argument));
	}

	/** Whether an update of a gateway's is for the application. Without paths of its own it is not read. */
	function isOutside(): boolean {
		if (!ownLifecycle || options.http?.prefix === undefined) return false;
		const query = decodeHttpRequest(msgArgData());
		return query !== undefined && started().engine.isOutside(query);
	}

	/** What Azle's decorators leave to be done when the class is instantiated. */
	const registrations: ((this: object) => void)[] = [];
	class BlobStore {
		static readonly init = initialize;
		static readonly postUpgrade = upgrade;
		static readonly inspectMessage = accepts;
		static readonly httpRequest = httpRequest;
		static readonly grant = grant;
		static readonly revokeGrant = revokeGrant;
		static readonly grantsOf = grantsOf;
		static readonly ruleChanged = ruleChanged;
		static readonly httpRequestUpdate = httpRequestUpdate;
		static readonly certify = certify;
		static readonly serve = serve;
		static readonly prove = prove;

		constructor() {
			exported = this.constructor;
			refuseSecondClass(exported);
			for (const register of registrations) register.call(this);
		}
	}
	// The methods are those of the protocol's table: as a loop, none can be missing or have other types.
	for (const name of NAMES) {
		const { kind, args, result } = METHODS[name];
		const decorate = (kind === "query" ? query : update)(args.map(typeOf), typeOf(result), { manual: true });
		decorate(() => answer(name), contextOf(name, registrations));
	}
	if (ownLifecycle) return BlobStore;
	const args = HTTP_METHODS.http_request.args.map(typeOf);
	const result = typeOf(HTTP_METHODS.http_request.result);
	query(args, result, { manual: true })(
		() => {
			const request = decodeHttpRequest(msgArgData());
			msgReply(encodeHttpReply((request && started().engine.http(request, true)) ?? BAD_REQUEST));
		},
		contextOf("http_request", registrations),
	);
	if (hasExact)
		update(args, result, { manual: true })(
			() => {
				const argument = msgArgData();
				const read = () => decodeHttpRequest(argument);
				msgReply(encodeHttpReply(started().engine.httpUpdate(read, argument.length, true) ?? BAD_REQUEST));
			},
			contextOf(HTTP_UPDATE, registrations),
		);

	return class extends BlobStore {
		@init([], { manual: true })
		blobs_init(): void {
			initialize();
		}

		@postUpgrade([], { manual: true })
		blobs_post_upgrade(): void {
			upgrade();
		}

		@inspectMessage({ manual: true })
		blobs_inspect_message(): boolean {
			// What is not the store's is another class's, which has no say of its own here.
			return accepts() ?? true;
		}
	};
}

/** What a class gives a decorator of one of its methods (ECMAScript, "Decorators"). */
function contextOf(name: string, initializers: ((this: object) => void)[]): ClassMethodDecoratorContext {
	return {
		kind: "method",
		name,
		static: false,
		private: false,
		metadata: {},
		access: { has: () => true, get: () => () => {} },
		addInitializer: (initializer) => initializers.push(initializer as (this: object) => void),
	};
}
