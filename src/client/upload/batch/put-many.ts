import { ID_BYTES, type WireItemResult } from "../../../protocol/index.js";
import { Attempts } from "../../blobs/attempts.js";
import type { ClientContext } from "../../context.js";
import { refused, replyInvalid } from "../../errors/errors.js";
import { Pool } from "../../util/pool.js";
import { date, fromVersion } from "../../wire-map.js";
import { once, type UploadCalls } from "../calls.js";
import { findPublished } from "../commit.js";
import { openUploadsNamer } from "../open-uploads.js";
import type { ProgressMeter } from "../progress.js";
import { isTooLarge, lowerLimit } from "../too-large.js";
import type { Pack, PackItem, PackOutcome } from "./pack.js";

/**
 * Puts all files of a pack in one call and tells each what became of it; those that the message had no instructions
 * left for go in a further one. The id stays with the request however often that is made, so that an unknown outcome is
 * answered, not repeated.
 * @throws only what ends all: an abort
 */
export async function putMany(
	pack: Pack,
	calls: UploadCalls,
	meter: ProgressMeter,
	context: ClientContext,
): Promise<void> {
	const attempts = new Attempts(context);
	const orFound = async (outcome: PackOutcome, { plan, root }: PackItem): Promise<PackOutcome> => {
		if (!("error" in outcome)) return outcome;
		const find = () => findPublished(context, calls, plan, root, attempts);
		try {
			const manifest = await attempts.orFound(outcome.error, find);
			return { version: fromVersion(manifest), at: manifest.modifiedAt, expiresAt: manifest.expiresAt };
		} catch (error) {
			return { error };
		}
	};
	const name = openUploadsNamer(context);
	const tell = async (items: readonly PackItem[], outcomeOf: (index: number) => PackOutcome) => {
		const pool = new Pool(() => calls.concurrency);
		for (const [index, item] of items.entries())
			await pool.add(async () => {
				const outcome = await orFound(outcomeOf(index), item);
				if ("error" in outcome) await name(outcome.error);
				await item.done(outcome);
			});
		await pool.drain();
	};
	const bytes = pack.items.reduce((sum, { content }) => sum + content.length, 0);
	const request = pack.request(context.settings.ports.randomBytes(ID_BYTES));
	let rest: Pack | undefined;
	try {
		const { results, at, expires_at } = await calls.carry("blobs_put_many", [request], bytes, {
			verify: true,
			onSent: once(() => meter.add("sent", bytes)),
			onRetry: attempts.onRetry,
		});
		if (results.length !== pack.items.length)
			throw replyInvalid(
				"blobs_put_many",
				`it answers ${results.length} results for ${pack.items.length} blobs`,
			);
		const done = results.findIndex(isNotDoneYet);
		if (done > 0) rest = pack.from(done);
		await tell(pack.items.slice(0, rest && done), (index) =>
			outcome(results[index] as WireItemResult, at, expires_at[0]?.[index]?.[0]),
		);
	} catch (error) {
		const isCut = isTooLarge(error) && pack.items.length > 1;
		if (isCut) {
			lowerLimit(context.sendLimit, pack.bytes);
			calls.retried(error);
			await Promise.all(pack.halves().map((half) => putMany(half, calls, meter, context)));
			return;
		}
		await tell(pack.items, () => ({ error }));
		if (calls.signal.aborted) throw error;
	}
	if (rest !== undefined) await putMany(rest, calls, meter, context);
}

/** Not the first: the store does that in any case, so that this comes to an end. */
const isNotDoneYet = (result: WireItemResult): boolean =>
	"err" in result && result.err.code === "not_done_yet";

function outcome(result: WireItemResult, at: bigint, end: bigint | undefined): PackOutcome {
	if ("err" in result) return { error: refused(result.err) };
	return { version: result.ok, at: date(at), expiresAt: end === undefined ? undefined : date(end) };
}
