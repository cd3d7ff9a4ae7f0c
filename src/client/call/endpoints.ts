import { isBlobError } from "../errors.js";

/** The versions of each endpoint, best first. v4 and v3 of `call` wait for the certified answer, v2 never does. */
const VERSIONS = {
	call: ["v4", "v3", "v2"],
	query: ["v3", "v2"],
	read_state: ["v3", "v2"],
} as const;

export type EndpointName = keyof typeof VERSIONS;

/** Where requests go. A version that a host does not know is left for good. */
export class Endpoints {
	readonly #host: URL;
	readonly #canisterId: string;
	readonly #current = { call: 0, query: 0, read_state: 0 };

	constructor(host: URL, canisterId: string) {
		this.#host = host;
		this.#canisterId = canisterId;
	}

	/** Does `request` with the best version's address, with the next one where a host answers 404. */
	async use<T>(name: EndpointName, request: (url: URL) => Promise<T>): Promise<T> {
		for (;;) {
			const index = this.#current[name];
			const version = VERSIONS[name][index];
			const base = this.#host.pathname.endsWith("/") ? this.#host : new URL(`${this.#host}/`);
			try {
				return await request(new URL(`api/${version}/canister/${this.#canisterId}/${name}`, base));
			} catch (error) {
				const unknown = isBlobError(error, "http") && error.details.status === 404;
				if (!unknown || index + 1 >= VERSIONS[name].length) throw error;
				this.#current[name] = Math.max(this.#current[name], index + 1);
			}
		}
	}
}
