import { Actor, type HttpAgent, type QueryResponse } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { decodeResult } from "../../src/client/call/caller.js";
import type { BlobClient } from "../../src/client/node/index.js";
import { MAX_LIST_PAGE, METHODS } from "../../src/protocol/index.js";
import { idlFactory, idlOf, idlsOf } from "../../test/support/idl.js";
import type { Figures } from "../figures.js";
import { cpuOf } from "./cpu-of.js";

const DECODED = 20;
const DECODED_BY_LIBRARY = 5;
const LISTED = 20;
const LISTED_BY_ACTOR = 8;

const REQUEST = { prefix: "", recursive: true, after: [], limit: MAX_LIST_PAGE, min_version: [] };

/**
 * CPU time of a page of 1,000 manifests relative to @dfinity/candid and an Actor: of decoding alone, and of the whole
 * call, both without a proof.
 */
export async function listShares(
	client: BlobClient,
	agent: HttpAgent,
	canisterId: Principal,
): Promise<Pick<Figures, "listDecodeVersusLibrary" | "listCpuVersusActor">> {
	const { args, result } = METHODS.blobs_list;
	const arg = new Uint8Array(IDL.encode(idlsOf(args), [REQUEST]));
	const answer: QueryResponse = await agent.query(canisterId, { methodName: "blobs_list", arg });
	if (!("reply" in answer)) throw new Error("the list was refused");
	const reply = new Uint8Array(answer.reply.arg);
	const type = idlOf(result);
	const decode = (times: number) => async () => {
		for (let i = 0; i < times; i++) decodeResult("blobs_list", reply);
	};
	const decodeByLibrary = (times: number) => async () => {
		for (let i = 0; i < times; i++) IDL.decode([type], reply);
	};
	const actor = Actor.createActor<{ blobs_list(request: object): Promise<unknown> }>(idlFactory as never, {
		agent,
		canisterId,
	});
	const list = (times: number) => async () => {
		for (let i = 0; i < times; i++) {
			let found = 0;
			for await (const _ of client.list({ trust: "node" })) found++;
			if (found !== MAX_LIST_PAGE) throw new Error(`${found} blobs are listed`);
		}
	};
	const listByActor = (times: number) => async () => {
		for (let i = 0; i < times; i++) await actor.blobs_list(REQUEST);
	};
	// Warm-up: compiles the code of both sides.
	for (const once of [decode(3), decodeByLibrary(2), list(2), listByActor(2)]) await once();
	return {
		listDecodeVersusLibrary:
			(await cpuOf(decode(DECODED))) /
			DECODED /
			((await cpuOf(decodeByLibrary(DECODED_BY_LIBRARY))) / DECODED_BY_LIBRARY),
		listCpuVersusActor:
			(await cpuOf(list(LISTED))) / LISTED / ((await cpuOf(listByActor(LISTED_BY_ACTOR))) / LISTED_BY_ACTOR),
	};
}
