import { encodeReply } from "../../../src/canister/candid/codec.js";
import type { Engine } from "../../../src/canister/engine/index.js";
import { UNBOUNDED } from "../../../src/protocol/codec/read.js";
import type { MethodArgs, MethodName, MethodOk } from "../../../src/protocol/index.js";
import { type PlainOk, plain } from "../../support/plain.js";
import { replyOf } from "../../support/reply.js";

/** Calls the engine, and reads its answer as a caller does: what is stored as Candid is written, then decoded. */
export function askWire<Name extends MethodName>(
	engine: Engine,
	name: Name,
	...args: MethodArgs<Name>
): MethodOk<Name> {
	// A copy: the writer uses its buffer again.
	const reply = encodeReply(name, { ok: engine.call(name, () => args) }).slice();
	const result = replyOf(name).decode(reply, UNBOUNDED);
	if ("err" in result) throw new Error("an ok was read as an err");
	return result.ok;
}

/** The same, with what travels as bytes read as well. */
export const ask = <Name extends MethodName>(
	engine: Engine,
	name: Name,
	...args: MethodArgs<Name>
): PlainOk<Name> => plain(name, askWire(engine, name, ...args));
