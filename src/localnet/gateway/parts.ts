/** HTTP gateway: a body that a canister sends in parts, each a 206 response. */
import { type CanisterRequest, type CanisterResponse, Unanswered } from "./canister.js";
import { NotVerified } from "./verification.js";

/** Maximum number of parts, the first included. A longer body is cut. */
const MOST_PARTS = 1_000;

export interface ContentRange {
	readonly from: number;
	readonly to: number;
	readonly total: number;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

export function contentRangeOf(headers: CanisterResponse["headers"]): ContentRange | undefined {
	const value = headers.find(([name]) => name.toLowerCase() === "content-range")?.[1];
	const match = value === undefined ? null : CONTENT_RANGE.exec(value);
	return match === null
		? undefined
		: { from: Number(match[1]), to: Number(match[2]), total: Number(match[3]) };
}

/**
 * Yields the bodies in order, and requests each after the one before was consumed. Drops bytes of a part before the
 * requested offset. Ends early, without an error, after as many parts as a gateway joins.
 * @param ask returns the verified response to a request
 */
export async function* joined(
	request: CanisterRequest,
	first: CanisterResponse,
	range: ContentRange,
	ask: (request: CanisterRequest) => Promise<CanisterResponse>,
): AsyncGenerator<Uint8Array> {
	yield first.body;
	let fetched = range.to + 1;
	for (let parts = 1; fetched < range.total && parts < MOST_PARTS; parts++) {
		const headers = [...request.headers, ["range", `bytes=${fetched}-`] as const];
		const part = await ask({ ...request, headers });
		const its = contentRangeOf(part.headers);
		if (part.status_code !== 206 || its === undefined)
			throw new Unanswered(502, `a part is answered ${part.status_code}`);
		if (its.total !== range.total || its.from > fetched || its.to < fetched)
			throw new NotVerified("a part is none of the body");
		yield part.body.subarray(fetched - its.from);
		fetched = its.to + 1;
	}
}
