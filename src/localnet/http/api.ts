/** HTTPS interface: dispatches a request to its endpoint. */

import type { Topology } from "../certification/topology.js";
import { principalBytes } from "../encoding/bytes.js";
import { CborError } from "../encoding/cbor-decode.js";
import type { Rounds } from "../execution/rounds.js";
import type { Subnet } from "../execution/subnet.js";
import { envelopeOf } from "../ingress/envelope.js";
import type { NormalizedOptions } from "../options.js";
import { handleCall } from "./call.js";
import { endpointOf, isStatus } from "./endpoint.js";
import { handleQuery } from "./query.js";
import { handleReadState } from "./read-state.js";
import { cborReply, HttpError, textReply } from "./replies.js";
import type { Handler, WireReply, WireRequest } from "./wire.js";

export interface Api {
	readonly subnet: Subnet;
	readonly rounds: Rounds;
	readonly topology: Topology;
	readonly options: NormalizedOptions;
}

/** The effective canister or subnet id, from the URL. */
export interface Target {
	readonly kind: "canister" | "subnet";
	readonly id: Uint8Array;
	readonly text: string;
	/** Version of the endpoint: 2, 3 or 4. */
	readonly version: number;
}

const VERSIONS = { call: [2, 3, 4], query: [2, 3], read_state: [2, 3] } as const;

export function createApi(api: Api): Handler {
	return async (request) => {
		try {
			return await route(api, request);
		} catch (error) {
			if (error instanceof HttpError) return error.reply;
			if (error instanceof CborError) {
				return textReply(400, `Failed to deserialize cbor request: ${error.message}`);
			}
			throw error;
		}
	};
}

async function route(api: Api, request: WireRequest): Promise<WireReply> {
	if (isStatus(request.url)) {
		return cborReply(200, {
			root_key: api.topology.root.publicDer,
			replica_health_status: "healthy",
		});
	}
	const asked = endpointOf(request.url);
	if (!asked) return textReply(404, "error: not_found\ndetails: There is no such endpoint.");
	if (request.method !== "POST") return textReply(405, "error: method_not_allowed\ndetails: Use POST.");
	const { kind: endpoint, version, scope, id: text } = asked;
	const id = principalBytes(text);
	if (!id) return textReply(400, `error: malformed_request\ndetails: ${text} is not a principal.`);
	const target: Target = { kind: scope, id, text, version };
	const known = (VERSIONS[endpoint] as readonly number[]).includes(version);
	if (!known || (target.kind === "subnet" && endpoint !== "read_state")) {
		return textReply(404, "error: not_found\ndetails: This endpoint is not supported by the local network.");
	}
	checkTarget(api, target);
	const envelope = envelopeOf(request.body);
	if (endpoint === "call") return handleCall(api, target, envelope, request.body.length);
	return endpoint === "query" ? handleQuery(api, target, envelope) : handleReadState(api, target, envelope);
}

/** The boundary routes by canister range. The management canister's id is accepted, for creating canisters. */
function checkTarget(api: Api, target: Target): void {
	if (target.kind === "subnet") {
		if (!api.topology.subnetIds.some((id) => Buffer.compare(id, target.id) === 0)) {
			throw new HttpError(400, "error: subnet_not_found\ndetails: The specified subnet does not exist.");
		}
	} else if (target.id.length > 0 && !api.topology.inRange(target.id)) {
		throw new HttpError(400, "error: canister_not_found\ndetails: The specified canister does not exist.");
	}
}
