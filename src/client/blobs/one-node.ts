import type { MethodArgs, MethodName, MethodOk } from "../../protocol/index.js";
import { passing } from "../call/retry.js";
import type { ClientContext } from "../context.js";
import { isBlobError } from "../errors/errors.js";
import type { Verdict } from "./proof.js";

/** A node that is behind is asked again, or another one, so often; then the subnet, which is not. */
const MAX_LAGS = 5;

/**
 * The answer of one node, and whether it proves it; undefined where every node that answered is behind, or one
 * says that the store was rolled back. One that does
 * not verify is asked for again, of three nodes in all.
 */
export async function provenByNode<Name extends MethodName>(
	context: ClientContext,
	method: Name,
	request: MethodArgs<Name>[0],
	signal: AbortSignal | undefined,
	verify: (answer: MethodOk<Name>) => Promise<Verdict>,
): Promise<{ answer: MethodOk<Name>; verdict: Verdict } | undefined> {
	let verdict: Verdict = "unproven";
	let lags = 0;
	const passes = passing();
	const retryable = (error: unknown) => (isBlobError(error, "behind") ? ++lags < MAX_LAGS : passes(error));
	const args = [request] as unknown as MethodArgs<Name>;
	try {
		const options = { signal, isBound: true, retryable };
		const answer = await context.caller.query(method, args, options, async (answer) => {
			verdict = await verify(answer);
		});
		return { answer, verdict };
	} catch (error) {
		// One node's word, which the subnet's is asked for.
		if (isBlobError(error, "behind") || isBlobError(error, "rolled_back")) return undefined;
		throw error;
	}
}
