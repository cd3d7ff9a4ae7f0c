import { isBlobError } from "../errors/errors.js";
import { isPage } from "./http.js";

/** The versions of each endpoint, best first. v4 and v3 of `call` wait for the certified answer, v2 never does. */
const VERSIONS = {
	call: ["v4", "v3", "v2"],
	query: ["v3", "v2"],
	read_state: ["v3", "v2"],
} as const;

export type EndpointName = keyof typeof VERSIONS;

/** Where requests go, and which versions of the interface a host has. */
export class Endpoints {
	readonly #host: URL;
	readonly #canisterId: string;
	/** The version of each endpoint that has worked. */
	readonly #known = new Map<EndpointName, number>();

	constructor(host: URL, canisterId: string) {
		this.#host = host;
		this.#canisterId = canisterId;
	}

	/** Whether the host has ever answered as the Internet Computer does. */
	get haveWorked(): boolean {
		return this.#known.size > 0;
	}

	/**
	 * Does `request` with the address of the version that has worked. Until one has: with the best, and with the next
	 * one where an answer shows that the host does not know a version. A release before a version answers it with 404, a
	 * gateway before it with 400 and a page of HTML.
	 */
	async use<T>(name: EndpointName, request: (url: URL) => Promise<T>): Promise<T> {
		const known = this.#known.get(name);
		const base = addressed(this.#host);
		for (let index = known ?? 0; ; index++) {
			const version = VERSIONS[name][index];
			try {
				const answer = await request(new URL(`api/${version}/canister/${this.#canisterId}/${name}`, base));
				this.#known.set(name, index);
				return answer;
			} catch (error) {
				if (known !== undefined || !isUnknownVersion(error) || index + 1 >= VERSIONS[name].length)
					throw error;
			}
		}
	}
}

/** A host as addresses stand below it. */
export const addressed = (host: URL): URL => (host.pathname.endsWith("/") ? host : new URL(`${host}/`));

/** Not found, method not allowed, gone, not implemented. */
const UNKNOWN = [404, 405, 410, 501];

/** An answer that is not the protocol's: of a host that does not know the address. */
function isUnknownVersion(error: unknown): boolean {
	if (isBlobError(error, "network")) return error.details.status !== undefined;
	if (!isBlobError(error, "http")) return false;
	const { status, body } = error.details;
	return UNKNOWN.includes(status) || (status < 500 && isPage(body));
}
