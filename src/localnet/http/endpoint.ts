/** HTTPS interface: parses a URL. */

export type EndpointKind = "call" | "query" | "read_state";

export interface Endpoint {
	readonly kind: EndpointKind;
	/** Version: 2, 3 or 4. */
	readonly version: number;
	readonly scope: "canister" | "subnet";
	/** The effective canister or subnet id, as in the URL. */
	readonly id: string;
}

const ENDPOINT = /^\/api\/v([234])\/(canister|subnet)\/([^/?]+)\/(call|query|read_state)\/?(?:\?.*)?$/;
const STATUS = /^\/api\/v2\/status\/?(\?.*)?$/;

export function endpointOf(url: string): Endpoint | undefined {
	const match = ENDPOINT.exec(url);
	if (!match) return undefined;
	const [, version, scope, id, kind] = match;
	return {
		kind: kind as EndpointKind,
		version: Number(version),
		scope: scope as Endpoint["scope"],
		id: id!,
	};
}

export function isStatus(url: string): boolean {
	return STATUS.test(url);
}
