import type { OnRetry } from "../call/retry.js";
import type { ClientContext } from "../context.js";
import type { Lane } from "../lane/lane.js";
import type { Gate } from "../upload/gate.js";

/** What a download needs of a lane. */
export type DownloadLane = Pick<Lane, "concurrency" | "run">;

/**
 * The client and the lane of one download, whose requests wait while it is paused.
 * @param onRetry told of each request that is made again
 */
export function pausable(
	context: ClientContext,
	lane: Lane,
	gate: Gate,
	onRetry: OnRetry,
): { context: ClientContext; lane: DownloadLane } {
	const { caller } = context;
	const { beforeSending } = gate;
	const telling =
		(then: OnRetry | undefined): OnRetry =>
		(error, waitMs) => {
			then?.(error, waitMs);
			onRetry(error, waitMs);
		};
	return {
		context: {
			...context,
			caller: {
				update: (name, args, options) => {
					const onRetry = telling(options.onRetry);
					const step = () => caller.update(name, args, { ...options, beforeSending, onRetry });
					return gate.pass(options.signal, step, onRetry);
				},
				query: (name, args, options, check) => {
					const onRetry = telling(options.onRetry);
					const step = () => caller.query(name, args, { ...options, beforeSending, onRetry }, check);
					// A chunk has waited before it took its place in the lane: there it would keep others from theirs.
					return name === "blobs_get_chunk" ? step() : gate.pass(options.signal, step, onRetry);
				},
			},
		},
		lane: {
			get concurrency() {
				return lane.concurrency;
			},
			run: (bytes, signal, request) =>
				gate.pass(
					signal,
					() =>
						lane.run(bytes, signal, async (passage) => {
							beforeSending();
							return request(passage);
						}),
					onRetry,
				),
		},
	};
}
