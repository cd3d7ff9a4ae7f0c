import { IDL } from "@dfinity/candid";
import { encodeReply } from "../../../src/canister/candid/codec.js";
import type { Engine } from "../../../src/canister/engine/index.js";
import {
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireResult,
} from "../../../src/protocol/index.js";
import { type PlainOk, plain } from "../../support/plain.js";

/** Calls the engine, and reads its answer as a caller does: what is stored as Candid is written, then decoded. */
export function askWire<Name extends MethodName>(
	engine: Engine,
	name: Name,
	...args: MethodArgs<Name>
): MethodOk<Name> {
	const reply = encodeReply(name, { ok: engine.call(name, () => args) });
	const [result] = IDL.decode([METHODS[name].result as IDL.Type], reply) as unknown as [
		WireResult<MethodOk<Name>>,
	];
	if ("err" in result) throw new Error("an ok was read as an err");
	return result.ok;
}

/** The same, with what travels as bytes read as well. */
export const ask = <Name extends MethodName>(
	engine: Engine,
	name: Name,
	...args: MethodArgs<Name>
): PlainOk<Name> => plain(name, askWire(engine, name, ...args));
