import { createHmac, timingSafeEqual } from "node:crypto";
import * as is from "../client/arguments.js";
import type { PrincipalLike } from "../client/node/index.js";
import { pathOf } from "./core/target.js";
import { invalid } from "./options.js";

/** Whose links they are. */
export interface BlobLinksOptions {
	/** The store's canister: a link to another store's blob of the same name is none to this. */
	canisterId: PrincipalLike;
	/** What signs: at least 32 characters or bytes each. The first signs links, all of them are accepted. */
	secrets: readonly (string | Uint8Array)[];
}

/** For whom and for how long a link is. */
export interface LinkOptions {
	/** When it ends. It cannot be taken back before, but by changing the secret. */
	until: Date;
	/** What stands before the key: the address of the server and its prefix, with a slash at the end. @default "/" */
	base?: string;
}

const LEAST_SECRET = 32;
const UNTIL = "until";
const SIGNATURE = "signature";
/** Seconds since 1970, up to the year 33,658. */
const SECONDS = /^[1-9]\d{0,11}$/;
/** 32 bytes in base64url. */
const MAC = /^[\w-]{43}$/;

/**
 * Links to private blobs, each of one key and until a certain time: whoever has the link may read the blob. They are
 * signed by HMAC-SHA-256 under a secret that the server and who makes links share.
 */
export class BlobLinks {
	readonly #canisterId: string;
	readonly #secrets: readonly Buffer[];

	/** @throws ClientError `option_invalid` */
	constructor(options: BlobLinksOptions) {
		is.checkArgument("options", options, is.object);
		is.checkArgument("canisterId", options.canisterId, is.principal);
		is.checkArgument("secrets", options.secrets, is.array);
		const { canisterId, secrets } = options;
		this.#canisterId = typeof canisterId === "string" ? canisterId : canisterId.toText();
		for (const secret of secrets)
			if (typeof secret !== "string") is.checkArgument("secrets", secret, is.bytes);
		this.#secrets = secrets.map((secret) => Buffer.from(secret as Uint8Array));
		if (this.#secrets.length === 0) throw invalid("secrets", "there must be one");
		if (this.#secrets.some((secret) => secret.length < LEAST_SECRET))
			throw invalid("secrets", `each must have at least ${LEAST_SECRET} characters`);
	}

	/** The link to a key: its path, with the end and the signature as its query. */
	linkFor(key: string, options: LinkOptions): string {
		is.checkArgument("key", key, is.text);
		is.checkArgument("options", options, is.object);
		is.checkArgument("until", options.until, is.date);
		const { until, base = "/" } = options;
		is.checkArgument("base", base, is.text);
		const seconds = String(Math.floor(until.getTime() / 1_000));
		if (!SECONDS.test(seconds)) throw invalid("until", "it must be a date");
		const signature = this.#sign(this.#secrets[0]!, key, seconds).toString("base64url");
		return `${pathOf(key, base)}?${UNTIL}=${seconds}&${SIGNATURE}=${signature}`;
	}

	/** Whether a request for the key has a link that holds now. */
	admits({ key, query }: { readonly key: string; readonly query: URLSearchParams }): boolean {
		const [until, ...untils] = query.getAll(UNTIL);
		const [signature, ...signatures] = query.getAll(SIGNATURE);
		if (until === undefined || signature === undefined || untils.length > 0 || signatures.length > 0)
			return false;
		if (!SECONDS.test(until) || !MAC.test(signature)) return false;
		const given = Buffer.from(signature, "base64url");
		const isSigned = this.#secrets.some((secret) => timingSafeEqual(this.#sign(secret, key, until), given));
		return isSigned && Date.now() < Number(until) * 1_000;
	}

	/** No key and no id holds a line feed, so that no two of them make one text. */
	#sign(secret: Buffer, key: string, until: string): Buffer {
		const text = `canister-blobs link 1\n${this.#canisterId}\n${until}\n${key}`;
		return createHmac("sha256", secret).update(text).digest();
	}
}
