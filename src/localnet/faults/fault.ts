/** Faults of a single request. */

/** One of the interface specification's reject codes. */
export type RejectNumber = 1 | 2 | 3 | 4 | 5;

/** A fault: a name, or an object with one number or response. */
export type Fault = FaultName | OneOf<FaultShape>;

/** Faults without parameters. */
export type FaultName =
	/** Closes the connection before the network has the request. */
	| "lost"
	/** Executes the request, and closes the connection without a response. */
	| "reply-lost"
	/** Executes the request, and closes the connection in the middle of the response body. */
	| "body-broken"
	/** Executes the request, and responds 202 without a certificate. */
	| "accepted"
	/** Submits the request twice in sequence. The client gets the second response. */
	| "duplicate"
	/** Submits the request when the network's clock has passed its expiry. */
	| "expired"
	/** Cuts the response's CBOR in the middle. */
	| "cbor-cut"
	/** Responds with the content type `text/html`. */
	| "content-type"
	/** Changes a byte that the certificate, or the signature of a query response, covers. */
	| "certificate-byte"
	/** Certifies with another root key; signs a query response with another node's key. */
	| "certificate-key";

/** Faults with parameters. */
export type FaultShape = ClockFault | DelayFault | HoldFault | DuplicateFault | RejectFault | StatusFault;

/** Signs the certificate, or the query response, with another time. */
export interface ClockFault {
	/** Minutes that the time is later; negative: earlier. */
	readonly clockMinutes: number;
}

/** Delays the request. */
export interface DelayFault {
	/** Delay in milliseconds. */
	readonly delayMs: number;
}

/** Holds the request until later requests were answered. */
export interface HoldFault {
	/** Number of these later requests. */
	readonly holdRequests: number;
}

/** Answers the request, and submits it again once later requests were answered. */
export interface DuplicateFault {
	/** Number of these later requests. */
	readonly duplicateAfter: number;
}

/** Rejects a call or query instead of executing it. */
export interface RejectFault {
	/** The reject code. */
	readonly reject: RejectNumber;
	/** The reject message. @default a sentence that names the fault */
	readonly message?: string;
	/** The implementation's error code, such as `IC0503`. */
	readonly errorCode?: string;
	/** For a call: true rejects in the certified state, false by the node on submission. @default true */
	readonly isCertified?: boolean;
}

/** Responds to the request instead of executing it. */
export interface StatusFault {
	/** HTTP status. */
	readonly status: number;
	/** Value of the header Retry-After: seconds, or a date. */
	readonly retryAfter?: number | string;
	/** Response body. @default the text that the network, or a proxy, would send */
	readonly body?: string;
	/** Content type. @default the one of the default body */
	readonly contentType?: string;
}

/** Exactly one of the shapes, without properties of another. */
export type OneOf<Shape, All = Shape> = Shape extends unknown
	? Shape & { readonly [Name in Exclude<NamesOf<All>, keyof Shape>]?: never }
	: never;
type NamesOf<All> = All extends unknown ? keyof All : never;

/** Decides the fault of each request; undefined: no fault. */
export type FaultScript = (request: SeenRequest) => Fault | undefined;

/** Kind of a request, by its endpoint. */
export type RequestKind = "status" | "call" | "query" | "read_state" | "other";

/** A request as it arrived, whatever its fault. */
export interface SeenRequest {
	/** Number among all requests, from 0. */
	readonly index: number;
	/** Number among the requests of this kind, from 0. */
	readonly nth: number;
	/** Kind of the request. */
	readonly kind: RequestKind;
	/** Version of the endpoint: 2, 3 or 4; 0 for an endpoint without one. */
	readonly version: number;
	/** Textual id of the effective canister. */
	readonly canister: string | undefined;
	/** Method of a call or query. */
	readonly method: string | undefined;
	/** Request id as hexadecimal digits. The same content signed again has the same id. */
	readonly requestId: string | undefined;
	/** Size of its body. */
	readonly bytes: number;
	/** Its fault, if any. */
	readonly fault: Fault | undefined;
	/** Whether its fault holds it now: it has not been submitted, and waits for a time or for later requests. */
	readonly isHeld: boolean;
	/** HTTP status of the response, or `closed` for a closed connection; undefined until then. */
	readonly outcome: number | "closed" | undefined;
}

/** Selects requests. All given fields must match. */
export interface RequestFilter {
	/** Kind of the request. */
	readonly kind?: RequestKind;
	/** Method of a call or query. */
	readonly method?: string;
	/** Textual id of the effective canister. */
	readonly canister?: string;
	/** Version of the endpoint: 2, 3 or 4. */
	readonly version?: number;
}

export function fits(request: SeenRequest, filter: RequestFilter): boolean {
	return Object.entries(filter).every(
		([name, value]) => value === undefined || request[name as keyof RequestFilter] === value,
	);
}
