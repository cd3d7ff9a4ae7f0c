import type { AgentLike, IdentityLike } from "../call/agent.js";
import type { ClientContext } from "../context.js";
import { ClientError } from "../errors/errors.js";
import type { Lane } from "../lane/lane.js";
import { type Line, UploadCalls } from "./calls.js";
import { Transfer, type TransferParts, type TransferWork } from "./transfer.js";

/** Where a meter tells that it counted: nowhere before its transfer is there. */
export interface Changes {
	told: () => void;
}

interface Start<Result, P, Item>
	extends Pick<TransferParts<Result, P, Item>, "signal" | "progress" | "paused"> {
	readonly lane: Lane;
	readonly changes: Changes;
	/** A request is sent again. */
	readonly retried: () => void;
	readonly run: (calls: UploadCalls, work: TransferWork<Item>) => Promise<Result>;
	/** Throws away what has arrived. */
	readonly discard: (caller: ClientContext["caller"]) => Promise<void>;
}

/** Starts a transfer whose calls wait while it is paused, and go through another agent after `resume` with one. */
export function startTransfer<Result, P, Item = never>(
	context: ClientContext,
	{ signal, progress, paused, lane, changes, retried, run, discard }: Start<Result, P, Item>,
): Transfer<Result, P, Item> {
	let line: Line;
	return new Transfer({
		signal,
		progress,
		paused,
		work: async (work) => {
			changes.told = work.changed;
			line = {
				caller: context.caller,
				gate: work.gate,
				lane,
				onRetry: (error, waitMs) => {
					retried();
					work.onRetry(error, waitMs);
				},
			};
			return run(new UploadCalls(line, work.signal), work);
		},
		reconnect: async (agent, identity) => {
			line.caller = await callerOf(context, agent, identity);
		},
		discard: () => discard(line.caller),
	});
}

/** What calls through another agent, if that acts for the same principal. */
async function callerOf(
	context: ClientContext,
	agent: AgentLike,
	identity: IdentityLike | undefined,
): Promise<ClientContext["caller"]> {
	const { caller, principal } = context.connect(agent, identity);
	const [expected, actual] = (await Promise.all([context.principal(), principal()])).map(String);
	if (expected !== actual)
		throw new ClientError("identity_differs", { expected: `${expected}`, actual: `${actual}` });
	return caller;
}
