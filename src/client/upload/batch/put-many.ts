import { ID_BYTES, type WireItemResult } from "../../../protocol/index.js";
import { CanisterError, ClientError, isBlobError } from "../../errors.js";
import type { Ports } from "../../ports.js";
import { once, type UploadCalls } from "../calls.js";
import type { ProgressMeter } from "../progress.js";
import type { Pack, PackOutcome } from "./pack.js";

/**
 * Puts all files of a pack in one call and tells each what became of it. The id stays with the request however often
 * that is made, so that an unknown outcome is answered, not repeated.
 * @throws only what ends all: an abort
 */
export async function putMany(
	pack: Pack,
	calls: UploadCalls,
	meter: ProgressMeter,
	ports: Pick<Ports, "randomBytes">,
): Promise<void> {
	const tell = (outcomeOf: (index: number) => PackOutcome) =>
		Promise.all(pack.items.map((item, index) => item.done(outcomeOf(index))));
	const bytes = pack.items.reduce((sum, { content }) => sum + content.length, 0);
	const request = pack.request(ports.randomBytes(ID_BYTES));
	try {
		const { results, at } = await calls.carry("blobs_put_many", [request], bytes, {
			verify: true,
			onSent: once(() => meter.add("sent", bytes)),
		});
		if (results.length !== pack.items.length)
			throw new ClientError("reply_invalid", {
				method: "blobs_put_many",
				reason: `it answers ${results.length} results for ${pack.items.length} blobs`,
			});
		await tell((index) => outcome(results[index] as WireItemResult, at));
	} catch (error) {
		if (isBlobError(error, "message_too_large") && pack.items.length > 1) {
			await Promise.all(pack.halves().map((half) => putMany(half, calls, meter, ports)));
			return;
		}
		await tell(() => ({ error }));
		if (calls.signal.aborted) throw error;
	}
}

const outcome = (result: WireItemResult, at: bigint): PackOutcome =>
	"ok" in result ? { sequence: result.ok, at } : { error: new CanisterError(result.err) };
