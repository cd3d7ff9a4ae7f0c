import { ID_BYTES } from "../../../protocol/index.js";
import type { Catalog } from "../../catalog/index.js";
import type { StableMap } from "../../host/ports.js";
import type { Charges } from "../accounts/charges.js";
import { fromHex, toHex } from "../base/codec.js";
import { encodeUpload, UPLOAD_VERSIONS, type Upload } from "./upload-record.js";

export type { Upload } from "./upload-record.js";

const ROOT = new Uint8Array([0x75]);
/**
 * Open uploads, under their creator and the id that the creator chose: nobody can name another's upload, and two
 * principals that choose the same id never meet. The catalog holds them in order, `creator/id` in hex.
 */
export class Uploads {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #charges: Charges;

	constructor(map: StableMap, catalog: Catalog, charges: Charges) {
		this.#map = map;
		this.#catalog = catalog;
		this.#charges = charges;
	}

	get(owner: Uint8Array, id: Uint8Array): Upload | undefined {
		const bytes = this.#map.get(ownedKey(owner, id));
		return bytes === undefined ? undefined : UPLOAD_VERSIONS.read(bytes);
	}

	/** Stores what is new about an upload that is open. */
	update(owner: Uint8Array, id: Uint8Array, upload: Upload): void {
		this.#map.set(ownedKey(owner, id), encodeUpload(upload));
	}

	/** `isHeld` says whether the key holds a blob of the owner's: here and below, what it counts for in the quota. */
	open(owner: Uint8Array, id: Uint8Array, upload: Upload, isHeld: boolean): void {
		this.update(owner, id, upload);
		this.#catalog.insert(ROOT, listName({ owner, id }));
		this.#charges.countUpload(owner, upload.key, 1, isHeld);
	}

	close(owner: Uint8Array, id: Uint8Array, upload: Upload, isHeld: boolean): void {
		this.#map.delete(ownedKey(owner, id));
		this.#catalog.remove(ROOT, listName({ owner, id }));
		this.#charges.countUpload(owner, upload.key, -1, isHeld);
	}

	/** Names of open uploads in order, of everybody's or one owner's, from the one after `after`. */
	*list(owner?: Uint8Array, after?: UploadName): Generator<UploadName> {
		const prefix = owner === undefined ? "" : `${toHex(owner)}/`;
		const start = after === undefined ? {} : { after: listName(after) };
		for (const entry of this.#catalog.list(ROOT, { prefix, recursive: true, ...start })) {
			if (!("key" in entry)) continue;
			const [who, id] = entry.key.split("/") as [string, string];
			yield { owner: fromHex(who), id: fromHex(id) };
		}
	}
}

/** Who created an upload, and under which id. */
export interface UploadName {
	readonly owner: Uint8Array;
	readonly id: Uint8Array;
}

const listName = ({ owner, id }: UploadName): string => `${toHex(owner)}/${toHex(id)}`;

/** The last owner's keys without an id: a message asks for several, all of its caller. */
let lastOwner: Uint8Array | undefined;
let withoutId = new Uint8Array(0);

/** A map's key for something that a principal named by an id: the principal's length keeps the two apart. */
export function ownedKey(owner: Uint8Array, id: Uint8Array): Uint8Array {
	if (owner !== lastOwner) {
		withoutId = new Uint8Array(1 + owner.length + ID_BYTES);
		withoutId[0] = owner.length;
		withoutId.set(owner, 1);
		lastOwner = owner;
	}
	const key = new Uint8Array(withoutId);
	key.set(id, key.length - ID_BYTES);
	return key;
}

export function splitOwnedKey(key: Uint8Array): UploadName {
	const end = key.length - ID_BYTES;
	return { owner: key.subarray(1, end), id: key.subarray(end) };
}
