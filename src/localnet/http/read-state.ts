/** HTTPS interface, "Request: Read state": the paths that a caller may request. */

import type { Path } from "../certification/witness.js";
import { equal, hex, utf8 } from "../encoding/bytes.js";
import { authenticate } from "../ingress/authentication.js";
import { type Envelope, readStatePaths } from "../ingress/envelope.js";
import { SIZES } from "../limits.js";
import type { Api, Target } from "./api.js";
import { cborReply, HttpError } from "./replies.js";
import type { WireReply } from "./wire.js";

const REQUEST_FIELDS = new Set(["status", "reply", "reject_code", "reject_message", "error_code"]);
const CANISTER_FIELDS = new Set([
	"module_hash",
	"controllers",
	"canister_creation_timestamp",
	"last_install_timestamp",
]);

export function handleReadState(api: Api, target: Target, envelope: Envelope): WireReply {
	const paths = readStatePaths(envelope);
	authenticate(envelope, "read_state", undefined, api);
	if (paths.length > SIZES.readStatePaths || paths.some((path) => path.length > SIZES.readStatePathLabels)) {
		throw new HttpError(400, "Invalid path requested.");
	}
	const revealed: Path[] = [[utf8("time")]];
	let requestId: Uint8Array | undefined;
	for (const path of paths) {
		const [first, second] = path;
		if (first && hex(first) === REQUEST_STATUS && second) {
			if (requestId && !equal(requestId, second)) {
				throw new HttpError(400, "More than one request ID queried");
			}
			requestId = second;
		}
		revealed.push(...expand(api, target, envelope, path));
	}
	const { subnet } = api;
	const certificate = subnet.certificate(revealed, target.version === 2 ? "flat" : "tree", target.id);
	return cborReply(200, { certificate });
}

const REQUEST_STATUS = hex(utf8("request_status"));

/** The paths that answer a requested one. @throws HttpError for a path that the caller may not request */
function expand(api: Api, target: Target, envelope: Envelope, path: Path): readonly Path[] {
	const text = path.map((label) => Buffer.from(label).toString("utf8"));
	switch (text[0]) {
		case "time":
			return path.length === 1 ? [path] : invalid();
		case "api_boundary_nodes":
			return [path];
		case "subnet":
			return expandSubnet(api, target, path, text);
		case "canister_ranges":
			return target.kind === "subnet" && path.length === 2 ? [path] : invalid();
		case "request_status":
			return requestStatus(api, target, envelope, path, text);
		case "canister":
			return canisterInformation(api, target, envelope, path, text);
		default:
			return invalid();
	}
}

/** Only v2 serves the ranges of subnets other than the root subnet under `/subnet`. */
function expandSubnet(api: Api, target: Target, path: Path, text: readonly string[]): readonly Path[] {
	const { topology } = api;
	const fields = (id: Uint8Array): readonly string[] => {
		const own = equal(id, topology.subnetOf(target.id).subnetId);
		const ranges = !own || target.version === 2 ? ["canister_ranges"] : [];
		return ["public_key", "type", ...ranges, ...(own ? ["node", "metrics"] : [])];
	};
	const all = (id: Uint8Array): Path[] => fields(id).map((field) => [path[0]!, id, utf8(field)]);
	if (path.length === 1) return topology.subnetIds.flatMap(all);
	if (path.length === 2) {
		const known = topology.subnetIds.some((id) => equal(id, path[1]!));
		return known ? all(path[1]!) : [path];
	}
	const field = text[2]!;
	const depth = field === "node" ? 5 : 3;
	if (path.length > depth || (path.length === 5 && text[4] !== "public_key")) return invalid();
	if (field === "metrics" && target.kind !== "subnet") return invalid();
	if (field === "canister_ranges" && !fields(path[1]!).includes(field)) return invalid();
	return ["public_key", "type", "node", "metrics", "canister_ranges"].includes(field) ? [path] : invalid();
}

function requestStatus(
	api: Api,
	target: Target,
	envelope: Envelope,
	path: Path,
	text: readonly string[],
): readonly Path[] {
	const [, id] = path;
	if (id?.length !== 32 || path.length > 3) return invalid();
	if (text[2] !== undefined && !REQUEST_FIELDS.has(text[2])) return invalid();
	const entry = api.subnet.history.get(hex(id));
	if (entry) {
		if (!equal(entry.sender, envelope.sender)) {
			throw new HttpError(403, "The user tries to access Request ID not signed by the caller.");
		}
		if (!equal(entry.effectiveCanister, target.id)) {
			throw new HttpError(
				403,
				"The user tries to access Request IDs not belonging to the effective canister id.",
			);
		}
	}
	return [path];
}

function canisterInformation(
	api: Api,
	target: Target,
	envelope: Envelope,
	path: Path,
	text: readonly string[],
): readonly Path[] {
	const [, id] = path;
	if (!id || target.kind !== "canister") return invalid();
	if (!equal(id, target.id)) {
		throw new HttpError(400, "Effective canister id in URL does not match the canister id in the path.");
	}
	if (path.length === 3 && CANISTER_FIELDS.has(text[2]!)) return [path];
	if (path.length !== 4 || text[2] !== "metadata") return invalid();
	const canister = api.subnet.canister(id);
	const section = canister?.module?.metadata.get(text[3]!);
	if (section && !section.isPublic && !canister?.isController(envelope.sender)) {
		throw new HttpError(403, "Custom section is private and the sender is not a controller of the canister.");
	}
	return [path];
}

function invalid(): never {
	throw new HttpError(404, "Invalid path requested.");
}
