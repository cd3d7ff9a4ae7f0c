import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { METHODS, type MethodArgs, type MethodName } from "../../src/protocol/index.js";
import { idlsOf } from "./idl.js";
import type { StoreFixture } from "./store.js";

/** The argument of a method in Candid. */
export const argument = <Name extends MethodName>(name: Name, ...args: MethodArgs<Name>) =>
	new Uint8Array(IDL.encode(idlsOf(METHODS[name].args), args));

/** Sends an update: the code that it was refused with before it was executed, and what the canister paid. */
export async function send(fixture: StoreFixture, agent: HttpAgent, name: string, arg: Uint8Array) {
	let code: string | undefined;
	const records = await fixture.measure(async () => {
		const call = { methodName: name, arg, effectiveCanisterId: fixture.canisterId };
		const { body } = (await agent.call(fixture.canisterId, call)).response;
		if (body !== null && "error_code" in body) code = body.error_code;
	});
	const own = records.filter(({ method, kind }) => method === name && kind !== "inspect");
	return { code, cycles: own.reduce((sum, { cycles }) => sum + Number(cycles), 0) };
}

/** What `send` returns of an update that `inspect_message` refused. */
export const FREE = { code: "IC0406", cycles: 0 };
