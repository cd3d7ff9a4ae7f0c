import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { deployCanister } from "../../examples/support/deploy.js";
import type { MessageRecord } from "../../src/localnet/index.js";
import { METHODS, type MethodName } from "../../src/protocol/index.js";
import { buildMain } from "./build.js";
import { idlsOf } from "./idl.js";
import { type PlainResult, plainResult } from "./plain.js";
import { deployProxy, type Forwarder } from "./proxy.js";
import { replyOf } from "./reply.js";
import { ALL, REQUESTS } from "./requests.js";
import { isNamed, newId, ok, openStore, type StoreFixture } from "./store.js";

/** A store that is sent messages which cost their receiver far more than their sender, and what they may cost. */

/**
 * What a bomb may cost, beyond what an empty manual method does. Up to 50,000 of it are where in its map the method's
 * tally stands, which each further method may change.
 */
const FIXED = 1_290_000;
const PER_BYTE = 3;

/** A canister whose method does nothing, for what Azle itself costs. */
const EMPTY = `import { inspectMessage, msgReply, update } from "azle";
	export default class {
		@inspectMessage({ manual: true })
		inspect(): boolean { return true; }
		@update([], undefined, { manual: true })
		empty(): void { msgReply(new Uint8Array([68, 73, 68, 76, 0, 0])); }
	}`;

export const isQuery = (method: MethodName) => METHODS[method].kind === "query";

export interface Target {
	readonly fixture: StoreFixture;
	/** A canister that may do everything, so that what it sends is read. */
	readonly admin: Forwarder;
	/** A canister without any. */
	readonly nobody: Forwarder;
	/** A user of whom nothing depends on what came before. */
	readonly stranger: HttpAgent;
	/**
	 * What a message cost beyond what it may: an empty method, or, where it was not refused as malformed, a request
	 * that is as it should be, and 1 M and 3 a byte. 0 where it is cheap enough, or nothing is counted.
	 */
	excess(record: MessageRecord, bytes: number, wasRead: boolean): number;
	/** The same, where it is known what one that is as it should be takes. */
	beyond(record: MessageRecord, own: number, bytes: number): number;
}

const beyond: Target["beyond"] = (record, own, bytes) =>
	Math.max(0, Number(record.instructions) - own - FIXED - PER_BYTE * bytes);

const keyOf = ({ kind, method }: Pick<MessageRecord, "kind" | "method">) => `${kind} ${method}`;
/** Instructions by kind of message and method. */
const costsOf = (records: readonly MessageRecord[]) =>
	new Map(records.map((record) => [keyOf(record), Number(record.instructions)]));

export async function openTarget(): Promise<Target> {
	const fixture = await openStore({ metering: true });
	const { agent, store, canisterId } = fixture;
	const admin = await deployProxy(agent);
	const nobody = await deployProxy(agent);
	ok(await store.blobs_grant_role({ id: newId(), who: admin.principal, role: { admin: null } }));
	const stranger = await fixture.network.agent(Ed25519KeyIdentity.generate());
	const target = { fixture, admin, nobody, stranger, beyond };
	if (isNamed) return { ...target, excess: () => 0 };

	const empty = await deployCanister(agent, await buildMain(EMPTY, { isLinked: false }));
	const call = { methodName: "empty", arg: new Uint8Array(), effectiveCanisterId: empty };
	const idle = costsOf(await fixture.measure(() => agent.call(empty, call), empty));
	const answered = costsOf(
		await fixture.measure(async () => {
			for (const method of ALL) {
				const arg = IDL.encode(idlsOf(METHODS[method].args), REQUESTS[method]("a"));
				if (isQuery(method)) await stranger.query(canisterId, { methodName: method, arg });
				await admin.call(canisterId, method, arg);
			}
		}),
	);
	// The request to drain was carried out, and what is sent here later is to be read.
	ok(await store.blobs_set_mode({ id: newId(), mode: { live: null }, generation: 1n }));
	return {
		...target,
		excess: (record, bytes, wasRead) => {
			const isInspect = record.kind === "inspect";
			const own = isInspect ? idle.get("inspect empty")! : idle.get("update empty")!;
			return beyond(record, wasRead && !isInspect ? answered.get(keyOf(record))! : own, bytes);
		},
	};
}

/** What a reply of this method says. */
export const outcomeOf = (method: MethodName, reply: Uint8Array): PlainResult<unknown> =>
	plainResult(method, replyOf(method).decode(reply));
