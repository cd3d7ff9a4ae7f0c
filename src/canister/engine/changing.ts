import { Principal } from "@dfinity/principal";
import {
	checkKey,
	type WireDelete,
	type WireDeleted,
	type WireListRoles,
	type WireRoleChange,
	type WireRoleEntry,
	type WireRolesPage,
} from "../../protocol/index.js";
import { Reader, Writer } from "./codec.js";
import { RECEIPT, type Receipt } from "./receipts.js";
import { refuse, refuseInvalid } from "./refusal.js";
import { checkId, checkMayChange, checkPrecondition, discard, leaveReceipt, pageLimit } from "./requests.js";
import { isAnonymous, type Role } from "./roles.js";
import type { State } from "./state.js";

/** Changes that carry no bytes: deleting a blob, and who may do what. */
export class Changing {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	delete({ id, key, precondition }: WireDelete): WireDeleted {
		const state = this.#state;
		const caller = state.roles.require("writer");
		checkId(id);
		const receipt = this.#receipt(caller, id, RECEIPT.deleted);
		if (receipt !== undefined) {
			const body = new Reader(receipt.body);
			return { deleted: body.u8() === 1, sequence: BigInt(body.u64()) };
		}
		refuseInvalid(checkKey(key));
		const held = state.blobs.get(key);
		checkMayChange(state, caller, held);
		checkPrecondition(precondition, held);
		if (held !== undefined) {
			state.nextSequence();
			state.blobs.remove(held);
			discard(state, held);
		}
		const { sequence } = state;
		const body = new Writer()
			.u8(held === undefined ? 0 : 1)
			.u64(sequence)
			.done();
		leaveReceipt(state, caller, id, RECEIPT.deleted, body);
		return { deleted: held !== undefined, sequence: BigInt(sequence) };
	}

	grantRole(request: WireRoleChange): null {
		return this.#changeRole(request, (who, role) => this.#state.roles.grant(who, role));
	}

	revokeRole(request: WireRoleChange): null {
		return this.#changeRole(request, (who, role) => this.#state.roles.revoke(who, role));
	}

	#changeRole({ id, who, role }: WireRoleChange, change: (who: Uint8Array, role: Role) => void): null {
		const state = this.#state;
		const caller = state.roles.require("admin");
		checkId(id);
		if (this.#receipt(caller, id, RECEIPT.roleChanged) !== undefined) return null;
		const bytes = who.toUint8Array();
		if (isAnonymous(bytes))
			refuse("invalid_argument", {
				field: "who",
				reason: "the anonymous principal holds no role",
				limit: 0n,
			});
		change(bytes, Object.keys(role)[0] as Role);
		leaveReceipt(state, caller, id, RECEIPT.roleChanged, new Uint8Array(0));
		return null;
	}

	listRoles({ after, limit }: WireListRoles): WireRolesPage {
		this.#state.roles.require("admin");
		const roles: WireRoleEntry[] = [];
		let left = pageLimit(limit);
		for (const entry of this.#state.roles.list(after[0]?.toUint8Array())) {
			const last = roles.at(-1);
			if (left-- === 0) return { roles, next: last === undefined ? [] : [last.who] };
			roles.push({
				who: Principal.fromUint8Array(entry.who),
				roles: entry.roles.map((role) => ({ [role]: null }) as unknown as WireRoleEntry["roles"][number]),
			});
		}
		return { roles, next: [] };
	}

	/** What the id stands for already; an id that was used for something else is a mistake of the client. */
	#receipt(caller: Uint8Array, id: Uint8Array, kind: Receipt["kind"]): Receipt | undefined {
		const receipt = this.#state.receipts.get(caller, id);
		const isTaken =
			receipt === undefined ? this.#state.uploads.get(caller, id) !== undefined : receipt.kind !== kind;
		if (isTaken) refuse("upload_conflict", { field: "purpose" });
		return receipt;
	}
}
