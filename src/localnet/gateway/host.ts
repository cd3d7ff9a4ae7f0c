/** HTTP gateway: which canister a request is for. */
import { principalBytes } from "../encoding/bytes.js";
import type { WireRequest } from "../http/wire.js";

/** A canister's own site: nothing of the network's interface. */
export interface Site {
	readonly canister: Uint8Array;
	readonly text: string;
	/** Nothing is verified: `<canister>.raw.localhost`. */
	readonly isRaw: boolean;
}

const HOST = /^([a-z0-9-]+)(\.raw)?\.localhost(?::\d+)?$/i;
/** On a canister's name, too, agents find the network's interface. */
const API = /^\/api\/v\d/;

/** By its name, `<canister>.localhost`, or by `canisterId` in its query; undefined: it is for the network. */
export function siteOf({ headers, url }: Pick<WireRequest, "headers" | "url">): Site | undefined {
	if (API.test(url)) return undefined;
	const [, name, raw] = HOST.exec(String(headers.host ?? "")) ?? [];
	if (name !== undefined) return site(name.toLowerCase(), raw !== undefined);
	const query = url.indexOf("?");
	const asked = query < 0 ? null : new URLSearchParams(url.slice(query + 1)).get("canisterId");
	return asked === null ? undefined : site(asked, false);
}

function site(text: string, isRaw: boolean): Site | undefined {
	const canister = principalBytes(text);
	return canister && { canister, text, isRaw };
}
