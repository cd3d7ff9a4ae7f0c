import { Actor, type ActorMethod, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";

/**
 * The methods of the management canister that a deployment uses (interface specification, "The IC management
 * canister").
 */
export interface Management {
	provisional_create_canister_with_cycles: ActorMethod<
		[{ amount: [] | [bigint]; settings: []; specified_id: [] }],
		{ canister_id: Principal }
	>;
	clear_chunk_store: ActorMethod<[{ canister_id: Principal }], undefined>;
	upload_chunk: ActorMethod<[{ canister_id: Principal; chunk: Uint8Array }], { hash: Uint8Array }>;
	install_chunked_code: ActorMethod<
		[
			{
				mode: { install: null } | { reinstall: null } | { upgrade: [] };
				target_canister: Principal;
				store_canister: [];
				chunk_hashes_list: { hash: Uint8Array }[];
				wasm_module_hash: Uint8Array;
				arg: Uint8Array;
				sender_canister_version: [];
			},
		],
		undefined
	>;
}

const Blob = IDL.Vec(IDL.Nat8);
const Hash = IDL.Record({ hash: Blob });

const interfaceFactory: IDL.InterfaceFactory = () =>
	IDL.Service({
		provisional_create_canister_with_cycles: IDL.Func(
			[
				IDL.Record({
					amount: IDL.Opt(IDL.Nat),
					settings: IDL.Opt(IDL.Record({})),
					specified_id: IDL.Opt(IDL.Principal),
				}),
			],
			[IDL.Record({ canister_id: IDL.Principal })],
		),
		clear_chunk_store: IDL.Func([IDL.Record({ canister_id: IDL.Principal })], []),
		upload_chunk: IDL.Func([IDL.Record({ canister_id: IDL.Principal, chunk: Blob })], [Hash]),
		install_chunked_code: IDL.Func(
			[
				IDL.Record({
					mode: IDL.Variant({
						install: IDL.Null,
						reinstall: IDL.Null,
						upgrade: IDL.Opt(IDL.Record({})),
					}),
					target_canister: IDL.Principal,
					store_canister: IDL.Opt(IDL.Principal),
					chunk_hashes_list: IDL.Vec(Hash),
					wasm_module_hash: Blob,
					arg: Blob,
					sender_canister_version: IDL.Opt(IDL.Nat64),
				}),
			],
			[],
		),
	});

/** The management canister for calls about one canister, whose subnet executes them. */
export function management(agent: HttpAgent, effectiveCanisterId: Principal): Management {
	return Actor.createActor<Management>(interfaceFactory, {
		agent,
		canisterId: Principal.managementCanister(),
		effectiveCanisterId,
	} as Parameters<typeof Actor.createActor>[1]);
}
