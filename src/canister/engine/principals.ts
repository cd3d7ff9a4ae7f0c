import type { StableMap } from "../ports.js";
import { getU32, putU32 } from "./codec.js";

/** What the store knows about a principal. One that it knows nothing about has no record. */
export interface PrincipalRecord {
	/** Roles as bits (roles.ts). */
	readonly roles: number;
	readonly openUploads: number;
}

export class Principals {
	readonly #map: StableMap;

	constructor(map: StableMap) {
		this.#map = map;
	}

	get(who: Uint8Array): PrincipalRecord {
		const bytes = this.#map.get(who);
		return bytes === undefined
			? { roles: 0, openUploads: 0 }
			: { roles: bytes[0]!, openUploads: getU32(bytes, 1) };
	}

	set(who: Uint8Array, record: PrincipalRecord): void {
		if (record.roles === 0 && record.openUploads === 0) {
			this.#map.delete(who);
			return;
		}
		const bytes = new Uint8Array(5);
		bytes[0] = record.roles;
		putU32(bytes, 1, record.openUploads);
		this.#map.set(who, bytes);
	}
}
