/** What can befall one request. */

/** One of the interface specification's reject codes. */
export type RejectNumber = 1 | 2 | 3 | 4 | 5;

/** What befalls a request: a name, or one thing with a number or an answer. */
export type Fault = FaultName | OneOf<FaultShape>;

/** Faults that need no number. */
export type FaultName =
	/** The connection is closed before the network has the request. */
	| "lost"
	/** It is executed, and the connection closed without an answer. */
	| "reply-lost"
	/** It is executed, and the connection closed in the middle of the answer's body. */
	| "body-broken"
	/** It is executed, and answered 202 without a certificate. */
	| "accepted"
	/** It is handed in twice, one after the other, and the second answer is the client's. */
	| "duplicate"
	/** It is handed in when the network's clock has passed its expiry. */
	| "expired"
	/** The answer is CBOR that ends in the middle. */
	| "cbor-cut"
	/** The answer says that it is `text/html`. */
	| "content-type"
	/** A byte of what the certificate, or the node that answers a query, vouches for is another. */
	| "certificate-byte"
	/** The certificate leads to another root key; a query's answer is signed by another node. */
	| "certificate-key";

/** Faults with a number or an answer. */
export type FaultShape = ClockFault | DelayFault | HoldFault | DuplicateFault | RejectFault | StatusFault;

/** The certificate, or the query's signature, is right, and of another time. */
export interface ClockFault {
	/** How much later; negative: earlier. */
	readonly clockMinutes: number;
}

/** It arrives later. */
export interface DelayFault {
	/** How much. */
	readonly delayMs: number;
}

/** It arrives when later requests were answered. */
export interface HoldFault {
	/** How many. */
	readonly holdRequests: number;
}

/** It is answered; once later requests were answered, it is handed in again. */
export interface DuplicateFault {
	/** How many. */
	readonly duplicateAfter: number;
}

/** A call or query is not executed, but rejected. */
export interface RejectFault {
	/** With which code. */
	readonly reject: RejectNumber;
	/** The reject message. Default: a sentence that says so. */
	readonly message?: string;
	/** The implementation's own code, such as `IC0503`. */
	readonly errorCode?: string;
	/** Of a call: as in the state and certified (default), or by the node that takes it in. */
	readonly isCertified?: boolean;
}

/** It is not executed, and this is the answer. */
export interface StatusFault {
	/** Of HTTP. */
	readonly status: number;
	/** The header Retry-After: seconds, or a date. */
	readonly retryAfter?: number | string;
	/** Default: what the network, or a proxy, would say. */
	readonly body?: string;
	/** Default: what goes with the body that there is by default. */
	readonly contentType?: string;
}

/** Each of the shapes, with no property of another: they exclude each other. */
export type OneOf<Shape, All = Shape> = Shape extends unknown
	? Shape & { readonly [Name in Exclude<NamesOf<All>, keyof Shape>]?: never }
	: never;
type NamesOf<All> = All extends unknown ? keyof All : never;

/** Decides for each request; undefined: nothing befalls it. */
export type FaultScript = (request: SeenRequest) => Fault | undefined;

/** By the endpoint that was asked. */
export type RequestKind = "status" | "call" | "query" | "read_state" | "other";

/** A request as it came to the network, whatever became of it. */
export interface SeenRequest {
	/** Counts all requests, from 0. */
	readonly index: number;
	/** Counts requests of this kind, from 0. */
	readonly nth: number;
	/** What was asked for. */
	readonly kind: RequestKind;
	/** Of the endpoint: 2, 3 or 4; 0 where there is none. */
	readonly version: number;
	/** Textual id of the effective canister. */
	readonly canister: string | undefined;
	/** Of a call or query. */
	readonly method: string | undefined;
	/** In hexadecimal: the same content signed again has the same. */
	readonly requestId: string | undefined;
	/** Of its body. */
	readonly bytes: number;
	/** What befell it. */
	readonly fault: Fault | undefined;
	/** Whether its fault keeps it back now: it has not been handed in, and waits for a time or for later requests. */
	readonly isHeld: boolean;
	/** Of the answer, or that the connection was closed; undefined until then. */
	readonly outcome: number | "closed" | undefined;
}

/** All that are named must fit. */
export interface RequestFilter {
	/** By its endpoint. */
	readonly kind?: RequestKind;
	/** Of a call or query. */
	readonly method?: string;
	/** Textual id of the effective canister. */
	readonly canister?: string;
	/** Of the endpoint: 2, 3 or 4. */
	readonly version?: number;
}

export function fits(request: SeenRequest, filter: RequestFilter): boolean {
	return Object.entries(filter).every(
		([name, value]) => value === undefined || request[name as keyof RequestFilter] === value,
	);
}
