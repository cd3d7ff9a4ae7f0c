import type { Principal } from "@dfinity/principal";
import fc from "fast-check";
import type { WireBatchItem, WirePublication } from "../../../../src/protocol/index.js";
import { type Call, type Command, DAY_MS } from "./draws.js";
import { CONTROLLER, type Model, PRINCIPALS } from "./model.js";

/** Publications in other principals' names, of other times. */

/** The call with this said of all that it publishes. */
function withAs(call: Call, as: WirePublication["as"]): Call {
	if (call.method === "blobs_put_many") {
		const [{ id, blobs }] = call.args;
		return { ...call, args: [{ id, blobs: blobs.map((blob) => ({ ...blob, as })) }] };
	}
	if (call.method === "blobs_batch") {
		const [{ id, items }] = call.args;
		return { ...call, args: [{ id, items: items.map((item) => itemWithAs(item, as)) }] };
	}
	// Half of what the grant is for is used; who gave it is whom it was drawn for.
	if (call.method === "blobs_give_grant") {
		const [request] = call.args;
		const used = ([most]: [] | [bigint]): bigint => (most === undefined ? 5n : (most + 1n) / 2n);
		const { bytes, blobs } = request.terms;
		const giver = request.under.length > 0 ? [PRINCIPALS[call.who]!] : [];
		const given = { giver: giver as [] | [Principal], used: { bytes: used(bytes), blobs: used(blobs) } };
		return { ...call, who: CONTROLLER, args: [{ ...request, as: [given] }] };
	}
	if (call.method === "blobs_put_blob") return { ...call, args: [{ ...call.args[0], as }, call.args[1]] };
	if (call.method === "blobs_commit_upload") return { ...call, args: [{ ...call.args[0], as }] };
	return call;
}

function itemWithAs(item: WireBatchItem, as: WirePublication["as"]): WireBatchItem {
	if ("put" in item) return { put: { ...item.put, as } };
	return "commit" in item ? { commit: { ...item.commit, as } } : item;
}

/** What a controller publishes of others, from other times; of whoever else it is refused. */
export const asOthers = ({ weight, arbitrary }: { weight: number; arbitrary: fc.Arbitrary<Command> }) => ({
	weight,
	arbitrary: fc
		.record({
			command: arbitrary,
			owner: fc.nat(3),
			age: fc.constantFrom(-60_000, 0, 0, 60_000, DAY_MS),
			change: fc.constantFrom(0, 0, 60_000),
		})
		.map(({ command, owner, age, change }): Command => {
			if (command.do !== "call") return command;
			const make = (model: Model): Call => {
				const created_at = BigInt(model.now - age) * 1_000_000n;
				const modified_at = created_at + BigInt(change) * 1_000_000n;
				return withAs(command.make(model), [{ owner: PRINCIPALS[owner]!, created_at, modified_at }]);
			};
			return { do: "call", make };
		}),
});
