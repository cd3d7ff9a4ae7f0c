/** HTTP gateway: finds the canister of a request. */
import { principalBytes } from "../encoding/bytes.js";
import type { WireRequest } from "../http/wire.js";

/** A canister's own site, without the network's interface. */
export interface Site {
	readonly canister: Uint8Array;
	readonly text: string;
	/** Whether verification is off: `<canister>.raw.localhost`. */
	readonly isRaw: boolean;
}

const HOST = /^([a-z0-9-]+)(\.raw)?\.localhost(?::\d+)?$/i;
/** The network's interface, which agents also find on a canister's name. */
const API = /^\/api\/v\d/;

/** The site by host name, `<canister>.localhost`, or by `canisterId` in the query; undefined for the network itself. */
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
