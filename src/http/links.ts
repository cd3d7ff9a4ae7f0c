import { createHmac, timingSafeEqual } from "node:crypto";
import * as is from "../client/arguments.js";
import type { PrincipalLike } from "../client/node/index.js";
import { pathOf } from "./core/target.js";
import { invalid } from "./options.js";

/** Options of `BlobLinks`. */
export interface BlobLinksOptions {
	/** The store's canister. Its id is signed, so that a link to another store's blob is invalid here. */
	canisterId: PrincipalLike;
	/** Secrets for signatures, each of at least 32 characters or bytes. The first one signs links; all are accepted. */
	secrets: readonly (string | Uint8Array)[];
}

/** Options of a link. */
export interface LinkOptions {
	/** Expiry of the link. Before it, only a change of the secret revokes the link. */
	until: Date;
	/** URL of the server with its prefix, and a slash at the end. @default "/" */
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
 * Links to private blobs, each for one key and with an expiry. Everyone with a link may read its blob. Links are signed
 * with HMAC-SHA-256 under a secret shared by the server and the makers of links.
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

	/** Makes a link: the path of a key, with expiry and signature as the query. */
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

	/** Whether a request has a valid link for the key. */
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

	/** Neither keys nor ids contain a line feed, so no two inputs make the same text. */
	#sign(secret: Buffer, key: string, until: string): Buffer {
		const text = `canister-blobs link 1\n${this.#canisterId}\n${until}\n${key}`;
		return createHmac("sha256", secret).update(text).digest();
	}
}
