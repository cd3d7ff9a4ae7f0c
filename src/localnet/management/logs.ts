/** IC management canister: "fetch_canister_logs". */
import type { LogRecord } from "../execution/canister-log.js";
import type { CanisterArgValue } from "./candid.js";
import type { Context } from "./method.js";

interface Span {
	readonly start: bigint;
	/** Exclusive. */
	readonly end: bigint;
}
interface LogsArgs extends CanisterArgValue {
	readonly filter: [] | [{ readonly by_idx?: Span; readonly by_timestamp_nanos?: Span }];
}

export function fetchLogs(context: Context, args: unknown, caller: Uint8Array) {
	const { canister_id, filter } = args as LogsArgs;
	const { log } = context.visible(canister_id, "log_visibility", caller);
	const { by_idx, by_timestamp_nanos } = filter[0] ?? {};
	const isMeant = ({ idx, timestamp_nanos }: LogRecord) =>
		isIn(idx, by_idx) && isIn(timestamp_nanos, by_timestamp_nanos);
	return { canister_log_records: log.records.filter(isMeant) };
}

const isIn = (value: bigint, span: Span | undefined) =>
	span === undefined || (value >= span.start && value < span.end);
