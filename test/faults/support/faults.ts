import type { Fault, SeenRequest } from "../../../src/localnet/index.js";
import type { VirtualTime } from "./time.js";

/** What the hook of a kind of fault may do when its request comes. */
export interface Moment {
	readonly time: VirtualTime;
	/** Pauses the transfer for so long. */
	pause(ms: number): void;
}

/** How an operation ends: well, or by an error with this code and this advice. */
export type End = "success" | `${string} ${"retry" | "fix" | "give_up" | "ask"}`;

/** One row of the matrix: what befalls the n-th request, and how an operation may then end. */
export interface FaultKind {
	readonly name: string;
	/** What the network does; undefined: nothing, the hook does it all. */
	readonly fault?: Fault;
	/** Befalls every request from the n-th on, not it alone. */
	readonly isLasting?: boolean;
	/** Happens when the request comes, before the fault. */
	readonly when?: (moment: Moment) => void;
	/** What can befall such a request at all; by default all can. */
	readonly fits?: (request: SeenRequest) => boolean;
	/** For how long the operation can do nothing. */
	readonly stopsMs?: number;
	/** Only operations that can be paused. */
	readonly needsPause?: boolean;
	/** How it ends, by the requests that were hit; by default well. */
	readonly ends?: (hits: readonly SeenRequest[]) => End | readonly End[];
}

const MINUTE = 60_000;
/** Longer than receipts live. */
const STOP_MS = 20 * MINUTE;
const isCallOrQuery = ({ kind }: SeenRequest) => kind === "call" || kind === "query";

/** Through the agent, which tries every answer but 200 again, whatever it says. */
const isAgents = ({ kind, version }: SeenRequest) => version === 2 && kind !== "call";

/** Of what the matrix sends: its chunks are of the smallest size, and so is what goes in one call. */
const canBeHalved = ({ kind, method }: SeenRequest) => kind === "call" && method === "blobs_put_many";

/** What a client asks the subnet about its caller before it relies on a node's proof. */
const asksWhoCalls = ({ kind, method = "" }: SeenRequest) =>
	kind === "call" && ["blobs_stat", "blobs_account"].includes(method);

const rejects = (reject: 1 | 2 | 3 | 4 | 5, isCertified: boolean): FaultKind => ({
	name: `reject code ${reject}${isCertified ? "" : " by one node"}`,
	fault: { reject, isCertified },
	fits: isCertified ? isCallOrQuery : ({ kind }) => kind === "call",
	// Where the subnet does not say who the caller is, the operation goes on without. By one node, 4 is what inspect_message refuses: it is tried again elsewhere.
	ends: (hits) =>
		hits.every(asksWhoCalls)
			? ["success", "rejected give_up", "rejected fix"]
			: reject === 2 || (reject === 4 && !isCertified)
				? "success"
				: reject === 3
					? "rejected fix"
					: "rejected give_up",
});

export const KINDS: readonly FaultKind[] = [
	{ name: "lost before arrival", fault: "lost" },
	{ name: "executed, reply lost", fault: "reply-lost" },
	{ name: "closed in the middle of the body", fault: "body-broken" },
	{ name: "duplicated", fault: "duplicate" },
	{ name: "duplicated late", fault: { duplicateAfter: 2 } },
	{ name: "delayed past expiry", fault: "expired", fits: ({ kind }) => kind !== "status" },
	{ name: "delayed for longer than the client waits", fault: { delayMs: 200_000 } },
	{ name: "reordered", fault: { holdRequests: 1 } },
	{ name: "429", fault: { status: 429, retryAfter: 2 } },
	{ name: "503", fault: { status: 503 } },
	{
		name: "413",
		fault: { status: 413 },
		ends: ([hit]) => (hit && (isAgents(hit) || canBeHalved(hit)) ? "success" : "http fix"),
	},
	{ name: "500 with HTML", fault: { status: 500 } },
	{ name: "200 with HTML", fault: { status: 200, body: "<html>sign in</html>", contentType: "text/html" } },
	{ name: "cut CBOR", fault: "cbor-cut" },
	{ name: "202 and no certificate", fault: "accepted", fits: ({ kind }) => kind === "call" },
	...([1, 2, 3, 4, 5] as const).flatMap((code) => [rejects(code, true), rejects(code, false)]),
	{ name: "wrong certificate: another byte", fault: "certificate-byte" },
	{ name: "wrong certificate: another key", fault: "certificate-key" },
	{ name: "answer of 10 minutes ago", fault: { clockMinutes: -10 } },
	{ name: "answer of 10 minutes ahead", fault: { clockMinutes: 10 } },
	{ name: "clock 8 minutes behind", when: ({ time }) => time.setSkew(8 * MINUTE) },
	{
		name: "clock 8 minutes ahead",
		when: ({ time }) => time.setSkew(-8 * MINUTE),
		// What was asked with the clock right is answered with it wrong: only its owner can tell which is which.
		ends: () => ["success", "certificate_stale fix"],
	},
	{
		name: "asleep for 20 minutes, reply lost",
		fault: "reply-lost",
		when: ({ time }) => time.jump(STOP_MS),
		stopsMs: STOP_MS,
		// Past the life of receipts nothing may be repeated by itself.
		ends: () => ["success", "network retry", "rejected retry"],
	},
	{
		name: "paused for 20 minutes, reply lost",
		fault: "reply-lost",
		when: ({ pause }) => pause(STOP_MS),
		stopsMs: STOP_MS,
		needsPause: true,
	},
	{ name: "no connection from here on", fault: "lost", isLasting: true, ends: () => "network retry" },
	{
		name: "no answer from here on",
		fault: { delayMs: 1_200_000 },
		isLasting: true,
		ends: () => "timeout retry",
	},
	{ name: "overloaded from here on", fault: { status: 503 }, isLasting: true, ends: () => "http retry" },
	{
		name: "signed by somebody else from here on",
		fault: "certificate-key",
		isLasting: true,
		// Who signed says nothing where the bytes themselves are bound to a root.
		ends: (hits) => (hits.every(({ kind }) => kind === "query") ? "success" : "certificate_invalid give_up"),
	},
	{
		name: "changed from here on",
		fault: "certificate-byte",
		isLasting: true,
		// Whatever it is that was changed first.
		ends: () => [
			"certificate_invalid give_up",
			"reply_invalid give_up",
			"manifest_corrupt retry",
			"leaves_corrupt retry",
			"chunk_corrupt retry",
		],
	},
];
