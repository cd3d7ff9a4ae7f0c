import type { Principal } from "@dfinity/principal";
import { sameBytes } from "../../protocol/index.js";
import type { Host } from "../host/ports.js";
import type { Found, Grants, Use } from "./accounts/grants.js";
import type { Links } from "./accounts/links.js";
import type { Modes } from "./accounts/modes.js";
import { isAnonymous, type Role, type Roles } from "./accounts/roles.js";
import { refuse } from "./base/refusal.js";
import type { Blob, Shown } from "./store/blobs.js";

/** What an application's own rule is asked. */
export interface AccessRequest {
	/**
	 * Who sent the message, or for whom its sender acts (docs/PROTOCOL.md, "Owners"): for reads perhaps the anonymous
	 * principal, for changes never.
	 */
	readonly caller: Principal;
	/** write: to upload to the key, replace what it holds, or change what is said about it. */
	readonly action: "read" | "write" | "delete";
	/** A key as it may be: a path of 1 to 1,024 bytes in UTF-8, at most 32 segments, without a leading `/`. */
	readonly key: string;
	/** Who owns what the key holds; absent where it holds nothing. */
	readonly owner: Principal | undefined;
}

/**
 * True allows, false refuses, undefined leaves it to roles and ownership. Anything else, a Promise above all, makes the
 * message trap: an `async` function cannot be a rule.
 */
export type Authorize = (request: AccessRequest) => boolean | undefined;

/** Whether a principal without a role is a user of the application. Anything but true or false makes the message trap. */
export type Admit = (caller: Principal) => boolean;

/** Who may read and change what: the application's rule, and else roles, ownership and grants. */
export class Access {
	readonly #host: Host;
	readonly #roles: Roles;
	readonly #grants: Grants;
	readonly #modes: Modes;
	readonly #links: Links;
	readonly #authorize: Authorize | undefined;
	readonly #admit: Admit | undefined;
	/** Of the message at hand: always the same array, by which accounts are found at once. */
	#caller: Uint8Array | undefined;
	/** Who sent it, where that acts for the caller. */
	sender: Uint8Array | undefined;

	constructor(
		host: Host,
		roles: Roles,
		grants: Grants,
		modes: Modes,
		links: Links,
		authorize: Authorize | undefined,
		admit: Admit | undefined,
	) {
		this.#host = host;
		this.#roles = roles;
		this.#grants = grants;
		this.#modes = modes;
		this.#links = links;
		this.#authorize = authorize;
		this.#admit = admit;
	}

	/** Whether the application has a rule of its own. */
	get hasRule(): boolean {
		return this.#authorize !== undefined;
	}

	/** To be called before each message. */
	forget(): void {
		this.#caller = undefined;
		this.sender = undefined;
	}

	/** The caller, who may be anonymous: of one that acts for another it is that one. */
	get anyone(): Uint8Array {
		this.#caller ??= this.#links.isAny ? this.#resolve() : this.#host.caller();
		return this.#caller;
	}

	/** Control of the canister is the sender's own: it is neither lent by a link nor lost by one. */
	#resolve(): Uint8Array {
		const { signer } = this;
		const owner = isAnonymous(signer) ? undefined : this.#links.ownerFor(signer);
		if (owner === undefined) return signer;
		this.#roles.actFor(owner, signer);
		this.sender = signer;
		return owner;
	}

	/** Has the message be of the canister itself, whose code asks, with the rights of an administrator. */
	actAsCanister(self: Uint8Array): void {
		this.#caller = self;
		this.#roles.trust(self);
	}

	/** Who sent the message, whoever it acts for. */
	get signer(): Uint8Array {
		return this.#host.caller();
	}

	get isAnonymous(): boolean {
		return isAnonymous(this.anyone);
	}

	/** The caller, who must be signed in. */
	caller(): Uint8Array {
		const caller = this.anyone;
		if (isAnonymous(caller)) refuse("anonymous", {});
		return caller;
	}

	/** The caller, who must hold the role. */
	require(role: Role): Uint8Array {
		const caller = this.caller();
		if (!this.#roles.has(caller, role)) refuse("not_authorized", { needs: `the role ${role}` });
		return caller;
	}

	/** Whether the caller has any role or grant, controls the canister, or is a user of the application. */
	get isKnown(): boolean {
		const caller = this.anyone;
		return this.#roles.hasSome(caller) || this.#isAdmitted(caller) || this.#holdsGrant(caller);
	}

	#holdsGrant(caller: Uint8Array, role?: "writer"): boolean {
		return !isAnonymous(caller) && this.#grants.holds(caller, role);
	}

	get isAdmin(): boolean {
		return this.#roles.has(this.anyone, "admin");
	}

	get isController(): boolean {
		return this.#roles.controls(this.anyone);
	}

	/** The caller, who must control the canister: what makes history takes more than a role that can be given. */
	controller(): Uint8Array {
		const caller = this.caller();
		if (!this.isController) refuse("not_authorized", { needs: NEEDS.control });
		return caller;
	}

	/** The caller, who must be an administrator or hold a grant. */
	grantee(): Uint8Array {
		const caller = this.caller();
		if (!this.isAdmin && !this.#holdsGrant(caller)) refuse("not_authorized", { needs: NEEDS.grantee });
		return caller;
	}

	/** Whether a large message of the caller's can be of use to a method that asks for `role`. */
	mayBring(role: "writer" | "admin"): boolean {
		if (role === "admin") return this.#roles.has(this.anyone, role);
		return this.hasRule ? this.isKnown : this.writesSome;
	}

	/** Whether the caller may write to some keys, by its role or by a grant. */
	get writesSome(): boolean {
		return this.isWriter || this.#holdsGrant(this.anyone, "writer");
	}

	/**
	 * The caller of a change of some key, as far as can be said before the key is looked at. Without a rule of the
	 * application it must be a writer, by its role or by a grant; with one that says who its users are, one of them or the
	 * holder of a role or a grant.
	 */
	writer(): Uint8Array {
		const caller = this.caller();
		if (!this.hasRule) {
			if (!this.writesSome) refuse("not_authorized", { needs: NEEDS.writer });
			return caller;
		}
		if (this.#admit !== undefined && !this.isKnown) refuse("not_authorized", { needs: NEEDS.application });
		return caller;
	}

	/** The caller of a change that names no key, about which the rule cannot be asked. */
	writerOfAnyKey(): Uint8Array {
		const caller = this.caller();
		if (!this.writesSome && !this.#isAdmitted(caller)) refuse("not_authorized", { needs: NEEDS.writer });
		return caller;
	}

	/**
	 * Refuses who may not do this to the key, which holds `held`. The key was checked.
	 * @returns the grant by which it may, where neither the rule nor its role lets it
	 */
	requireChange(
		caller: Uint8Array,
		action: ChangeAction,
		key: string,
		held: Blob | undefined,
		use: Use = {},
	): Found | undefined {
		const decision = this.#decide(caller, action, key, held, use);
		if (typeof decision === "string") return refuse("not_authorized", { needs: decision });
		return decision;
	}

	/** What the caller lacks to do this to the key, which holds `held`; undefined where it may. */
	needed(caller: Uint8Array, action: ChangeAction, key: string, held: Blob | undefined): string | undefined {
		const decision = this.#decide(caller, action, key, held, {});
		return typeof decision === "string" ? decision : undefined;
	}

	/** What the caller lacks, or the grant by which it may do this; undefined where it may without. */
	#decide(
		caller: Uint8Array,
		action: ChangeAction,
		key: string,
		held: Blob | undefined,
		use: Use,
	): Found | string | undefined {
		const decision = this.#ask(caller, action, key, held);
		if (decision === true) return undefined;
		if (decision === false) return NEEDS.application;
		const isOthers = held !== undefined && !sameBytes(held.owner, caller);
		if (!this.#roles.has(caller, "writer"))
			return this.#grants.writing(caller, key, isOthers, use, isOthers ? NEEDS.owner : NEEDS.writer);
		if (!isOthers || this.#roles.has(caller, "admin")) return undefined;
		return this.#grants.writing(caller, key, isOthers, use, NEEDS.owner);
	}

	/**
	 * What the caller lacks now to be told again of a change that it made. Not whose the key is by now, which the change
	 * itself may have altered; that a caller without a rule still has its role was seen when the message was admitted, not
	 * that a grant of its which let the message in is one for this key.
	 */
	neededStill(
		caller: Uint8Array,
		action: ChangeAction,
		key: string,
		held: Blob | undefined,
	): string | undefined {
		if (this.isLetInByRole) return undefined;
		const decision = this.#ask(caller, action, key, held);
		if (decision !== undefined) return decision ? undefined : NEEDS.application;
		if (this.isWriter) return undefined;
		const found = this.#grants.writing(caller, key, false, {}, NEEDS.writer);
		return typeof found === "string" ? found : undefined;
	}

	/** Whether the role that let the caller's message in is all there is to ask. */
	get isLetInByRole(): boolean {
		return !this.hasRule && this.isWriter;
	}

	/** Whether the caller may change keys by its role, where the application's rule does not decide. */
	get isWriter(): boolean {
		return this.#roles.has(this.anyone, "writer");
	}

	mayRead(key: string, blob: Shown): boolean {
		if (blob.isPublic) return true;
		const caller = this.anyone;
		const decision = this.#ask(caller, "read", key, blob);
		if (decision !== undefined) return decision;
		if (sameBytes(blob.owner, caller) || this.#roles.readsAll(caller)) return true;
		return !isAnonymous(caller) && this.#grants.reads(caller, key);
	}

	#ask(
		caller: Uint8Array,
		action: AccessRequest["action"],
		key: string,
		held: Shown | undefined,
	): boolean | undefined {
		if (this.#authorize === undefined || this.#modes.isImporting) return undefined;
		const principal = this.#host.principal(caller);
		const owner = held && this.#host.principal(held.owner);
		const decision: unknown = this.#authorize({ caller: principal, action, key, owner });
		if (decision === true || decision === false || decision === undefined) return decision;
		throw new TypeError(
			`canister-blobs: authorize returned ${described(decision)}. It must return exactly true, false or ` +
				"undefined, at once: make it neither async nor the result of a comparison that may be null.",
		);
	}

	#isAdmitted(caller: Uint8Array): boolean {
		if (this.#admit === undefined || isAnonymous(caller)) return false;
		const decision: unknown = this.#admit(this.#host.principal(caller));
		if (decision === true || decision === false) return decision;
		throw new TypeError(
			`canister-blobs: admit returned ${described(decision)}. It must return exactly true or false, at once: ` +
				"it cannot be async.",
		);
	}
}

type ChangeAction = "write" | "delete";

const NEEDS = {
	application: "a permission of the application",
	writer: "the role writer, or a grant for the key",
	grantee: "the role admin, or a grant to give parts of",
	control: "control of the canister",
	owner: "the owner of the key, the role admin, or a grant for it over what others own",
} as const;

/** What a rule returned, without its content: a trap's text is public. */
function described(value: unknown): string {
	if (value === null) return "null";
	if (typeof value !== "object" && typeof value !== "function") return `a ${typeof value}`;
	return "then" in value ? "a Promise" : `an ${typeof value}`;
}
