import { Actor, type ActorMethod } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlobClient, isBlobError } from "../../src/client/index.js";
import { isNamed, newId, ok, openStore, refusal, type StoreFixture, versionOf } from "../support/store.js";
import { bytesOf, none, put, readBack } from "../support/transfers.js";

/** A store that the management canister rolls back: readers must not take earlier reads for the current state. */

let fixture: StoreFixture;
beforeAll(async () => {
	fixture = await openStore();
});
afterAll(() => fixture.dispose());

interface Management {
	stop_canister: ActorMethod;
	start_canister: ActorMethod;
	take_canister_snapshot: ActorMethod<unknown[], { id: Uint8Array }>;
	load_canister_snapshot: ActorMethod;
}

function management(): Management {
	const one = IDL.Record({ canister_id: IDL.Principal });
	const taken = IDL.Record({ id: IDL.Vec(IDL.Nat8) });
	const snapshot = IDL.Record({ canister_id: IDL.Principal, snapshot_id: IDL.Vec(IDL.Nat8) });
	const service = IDL.Service({
		stop_canister: IDL.Func([one], []),
		start_canister: IDL.Func([one], []),
		take_canister_snapshot: IDL.Func([one], [taken]),
		load_canister_snapshot: IDL.Func([snapshot], []),
	});
	return Actor.createActor<Management>(() => service, {
		agent: fixture.agent,
		canisterId: Principal.managementCanister(),
		effectiveCanisterId: fixture.canisterId,
	} as Parameters<typeof Actor.createActor>[1]);
}

test.skipIf(isNamed)(
	"changes that a snapshot took back are told apart from those made under their numbers",
	async () => {
		const { store, canisterId, agent } = fixture;
		const ic = management();
		const one = { canister_id: canisterId };
		const client = new BlobClient({ agent, canisterId, localNetwork: true });
		await put(store, "kept", bytesOf(10));
		await ic.stop_canister(one);
		const { id } = await ic.take_canister_snapshot(one);
		await ic.start_canister(one);

		const lost = await client.upload(bytesOf(10), { key: "a" }).done;
		await ic.stop_canister(one);
		await ic.load_canister_snapshot({ ...one, snapshot_id: id });
		await ic.start_canister(one);

		expect(ok(await store.blobs_stat({ key: "kept", ...none })).manifest).toHaveLength(1);
		// The client has seen what is gone: it is told so once, not to ask for ever.
		const told = await client.stat("a").catch((error: unknown) => error);
		expect(isBlobError(told, "rolled_back"), String(told)).toBe(true);
		const gone = await client.stat("a").catch((error: unknown) => error);
		expect(isBlobError(gone, "blob_not_found"), String(gone)).toBe(true);

		const other = bytesOf(10);
		const now = versionOf(await put(store, "a", other));
		expect(now.sequence).toBe(lost.sequence);
		expect(now.canister_version).toBeGreaterThan(lost.canisterVersion);
		const stale = { sequence: lost.sequence, canister_version: lost.canisterVersion };
		const remove = { id: newId(), key: "a", precondition: { version: stale } };
		expect(refusal(await store.blobs_delete(remove))).toEqual({ precondition_failed: now });
		expect(refusal(await store.blobs_get_chunk("a", stale, 0))).toEqual({ rolled_back: now });
		expect(refusal(await store.blobs_stat({ key: "a", min_version: [stale] }))).toEqual({ rolled_back: now });
		expect(await readBack(store, "a")).toEqual(other);
		expect((await client.stat("a")).sequence).toBe(now.sequence);
	},
);
