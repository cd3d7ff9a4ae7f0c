/** What can befall one request. */

/** One of the interface specification's reject codes. */
export type RejectNumber = 1 | 2 | 3 | 4 | 5;

export type Fault =
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
	| "certificate-key"
	/** The certificate, or the query's signature, is right, and of so many minutes later (negative: earlier). */
	| { readonly clockMinutes: number }
	/** It arrives so much later. */
	| { readonly delayMs: number }
	/** It arrives when so many later requests were answered. */
	| { readonly holdRequests: number }
	/** It is answered; once so many later requests were answered, it is handed in again. */
	| { readonly duplicateAfter: number }
	/** A call or query is not executed, but rejected. */
	| {
			readonly reject: RejectNumber;
			readonly message?: string;
			readonly errorCode?: string;
			/** Of a call: as in the state and certified (default), or by the node that takes it in. */
			readonly isCertified?: boolean;
	  }
	/** It is not executed, and this is the answer. Where no body is given: what the network, or a proxy, would say. */
	| {
			readonly status: number;
			readonly retryAfter?: number | string;
			readonly body?: string;
			readonly contentType?: string;
	  };

/** Decides for each request; undefined: nothing befalls it. */
export type FaultScript = (request: SeenRequest) => Fault | undefined;

export type RequestKind = "status" | "call" | "query" | "read_state" | "other";

/** A request as it came to the network, whatever became of it. */
export interface SeenRequest {
	/** Counts all requests, from 0. */
	readonly index: number;
	/** Counts requests of this kind, from 0. */
	readonly nth: number;
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
	readonly fault: Fault | undefined;
	/** Whether its fault keeps it back now: it has not been handed in, and waits for a time or for later requests. */
	readonly isHeld: boolean;
	/** Of the answer, or that the connection was closed; undefined until then. */
	readonly outcome: number | "closed" | undefined;
}

/** All that are named must fit. */
export interface RequestFilter {
	readonly kind?: RequestKind;
	readonly method?: string;
	readonly canister?: string;
	readonly version?: number;
}

export function fits(request: SeenRequest, filter: RequestFilter): boolean {
	return Object.entries(filter).every(
		([name, value]) => value === undefined || request[name as keyof RequestFilter] === value,
	);
}
