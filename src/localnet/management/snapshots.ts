/**
 * IC management canister: "take_canister_snapshot", "load_canister_snapshot", "list_canister_snapshots",
 * "delete_canister_snapshot". A snapshot holds a canister's code and memory, its certified data and its timer. Loading
 * it changes nothing else: not the controllers, cycles, status, or the canister version.
 */
import { hex } from "../encoding/bytes.js";
import type { Canister, Snapshot } from "../execution/canister.js";
import { SIZES } from "../limits.js";
import type { CanisterArgValue } from "./candid.js";
import { type Context, DONE, type Methods } from "./method.js";
import { refuse } from "./refusal.js";

interface TakeArgs extends CanisterArgValue {
	readonly replace_snapshot: [] | [Uint8Array];
	readonly uninstall_code: [] | [boolean];
}
interface OneArgs extends CanisterArgValue {
	readonly snapshot_id: Uint8Array;
}

const ID_PREFIX_BYTES = 8;

export function snapshotMethods(context: Context): Methods {
	const { env } = context;

	const requireStopped = (canister: Canister): void => {
		if (canister.contexts.size > 0 || canister.status !== "stopped")
			refuse(
				"IC0505",
				`Canister ${canister.text} must be stopped before a snapshot of it is taken or loaded in this local network`,
			);
	};
	const find = (canister: Canister, id: Uint8Array): Snapshot =>
		canister.snapshots.get(hex(id)) ??
		refuse("IC0538", `Could not find the snapshot ID ${hex(id)} for canister ${canister.text}.`);
	const wireOf = ({ id, takenAt, bytes }: Snapshot) => ({
		id,
		taken_at_timestamp: takenAt,
		total_size: bytes,
	});

	return {
		take_canister_snapshot({ args, call }) {
			const { canister_id, replace_snapshot, uninstall_code } = args as TakeArgs;
			const canister = context.controlled(canister_id, call);
			requireStopped(canister);
			if (!canister.module) refuse("IC0537", `Canister ${canister.text} has no code to take a snapshot of`);
			const replaced = replace_snapshot[0] && find(canister, replace_snapshot[0]);
			if (!replaced && canister.snapshots.size >= SIZES.snapshots)
				refuse(
					"IC0540",
					`Canister ${canister.text} has reached the maximum number of snapshots allowed: ${SIZES.snapshots}.`,
				);
			if (replaced) canister.snapshots.delete(hex(replaced.id));
			const id = new Uint8Array(ID_PREFIX_BYTES + canister.id.length);
			new DataView(id.buffer).setBigUint64(0, canister.snapshotsTaken++);
			id.set(canister.id, ID_PREFIX_BYTES);
			const snapshot = canister.capture(id, env.time());
			canister.snapshots.set(hex(id), snapshot);
			if (uninstall_code[0]) {
				canister.uninstall();
				canister.version++;
			}
			return { values: [wireOf(snapshot)] };
		},
		load_canister_snapshot({ args, call }) {
			const { canister_id, snapshot_id } = args as OneArgs;
			const canister = context.controlled(canister_id, call);
			requireStopped(canister);
			const snapshot = find(canister, snapshot_id);
			const instance = env.executor.newInstance(canister, snapshot.module);
			instance.load(snapshot.state);
			canister.restore(snapshot, instance);
			canister.version++;
			return DONE;
		},
		list_canister_snapshots({ args, call }) {
			const { canister_id } = args as CanisterArgValue;
			const canister = context.visible(canister_id, "snapshot_visibility", call.caller);
			return { values: [[...canister.snapshots.values()].map(wireOf)] };
		},
		delete_canister_snapshot({ args, call }) {
			const { canister_id, snapshot_id } = args as OneArgs;
			const canister = context.controlled(canister_id, call);
			canister.snapshots.delete(hex(find(canister, snapshot_id).id));
			return DONE;
		},
	};
}
