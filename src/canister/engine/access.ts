import { Principal } from "@dfinity/principal";
import { sameBytes } from "../../protocol/index.js";
import type { Host } from "../ports.js";
import type { Blob } from "./blobs.js";
import { refuse } from "./refusal.js";
import { isAnonymous, type Role, type Roles } from "./roles.js";

/** What an application's own rule is asked. */
export interface AccessRequest {
	/** Who sent the message: for reads perhaps the anonymous principal, for changes never. */
	readonly caller: Principal;
	/** write: to upload to the key, replace what it holds, or change what is said about it. */
	readonly action: "read" | "write" | "delete";
	/** A key as it may be: a path of 1 to 1,024 bytes in UTF-8, at most 32 segments, without a leading `/`. */
	readonly key: string;
	/** Who owns what the key holds; absent where it holds nothing. */
	readonly owner: Principal | undefined;
}

/** True: allowed. False: refused. Undefined: as the roles say. Never asked for anonymous changes. */
export type Authorize = (request: AccessRequest) => boolean | undefined;

/** Who may read and change what: the application's rule, and else roles and ownership. */
export class Access {
	readonly #host: Host;
	readonly #roles: Roles;
	readonly #authorize: Authorize | undefined;
	/** Of the message at hand: always the same array, by which accounts are found at once. */
	#caller: Uint8Array | undefined;

	constructor(host: Host, roles: Roles, authorize: Authorize | undefined) {
		this.#host = host;
		this.#roles = roles;
		this.#authorize = authorize;
	}

	/** Whether the application has a rule of its own. */
	get hasRule(): boolean {
		return this.#authorize !== undefined;
	}

	/** To be called before each message. */
	forget(): void {
		this.#caller = undefined;
	}

	/** The caller, who may be anonymous. */
	get anyone(): Uint8Array {
		this.#caller ??= this.#host.caller();
		return this.#caller;
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

	/**
	 * The caller of a change of some key, as far as can be said before the key is looked at. Without a rule of the
	 * application it must be a writer.
	 */
	writer(): Uint8Array {
		return this.hasRule ? this.caller() : this.require("writer");
	}

	/** Refuses who may not do this to the key, which holds `held`. The key was checked. */
	requireChange(caller: Uint8Array, action: "write" | "delete", key: string, held: Blob | undefined): void {
		const decision = this.#ask(caller, action, key, held);
		if (decision === true) return;
		if (decision === false) refuse("not_authorized", { needs: "a permission of the application" });
		if (!this.#roles.has(caller, "writer")) refuse("not_authorized", { needs: "the role writer" });
		if (held === undefined || sameBytes(held.owner, caller)) return;
		if (!this.#roles.has(caller, "admin"))
			refuse("not_authorized", { needs: "the owner of the key, or the role admin" });
	}

	mayRead(blob: Blob): boolean {
		if (blob.isPublic) return true;
		const caller = this.anyone;
		const decision = this.#ask(caller, "read", blob.manifest.key, blob);
		if (decision !== undefined) return decision;
		return sameBytes(blob.owner, caller) || this.#roles.readsAll(caller);
	}

	#ask(caller: Uint8Array, action: AccessRequest["action"], key: string, held: Blob | undefined) {
		return this.#authorize?.({
			caller: Principal.fromUint8Array(caller),
			action,
			key,
			owner: held?.manifest.owner,
		});
	}
}
