import {
	checkChunking,
	checkContentType,
	checkKey,
	checkMetadata,
	SHA256_BYTES,
	type WireImportedAs,
} from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { refuseInvalid } from "../errors/errors.js";
import { checkChunkBytes, checkInteger, type Settings } from "../options.js";
import { mediaTypeOf, quoteParameters } from "../source/media-type.js";
import type { OpenSource } from "../source/types.js";
import type { Conditions, Visibility } from "../types.js";
import { fromTime, type Precondition, preconditionOf } from "../wire-map.js";
import { fromImportAs, type ImportAs } from "./import-as.js";
import type { SendLimit } from "./too-large.js";

/** Under which key a source is published, as what, and how it travels. */
export interface UploadOptions extends Conditions {
	/** Under which key: a path of 1 to 1,024 bytes in UTF-8, at most 32 segments. */
	key: string;
	/**
	 * A media type; values of parameters are put in quotes where they must be. Not given, or empty: what the source says
	 * it is (a Blob's type), else in Node that of the ending of its name (of a path, a File, a file's stream), else
	 * `application/octet-stream`. It is never guessed from the key.
	 */
	contentType?: string | undefined;
	/** Who may read it. Default `private`: its owner and the canister's readers. */
	visibility?: Visibility | undefined;
	/** Names in lower case and their values, at most 32, 4,096 bytes in all. */
	metadata?: Readonly<Record<string, string>> | undefined;
	/**
	 * When it ends, by the canister's clock: from then on the key holds nothing, for anybody. A Date or milliseconds since
	 * 1970. A rule of the store may end it before. Default: only by such a rule.
	 */
	expiresAt?: Date | number | undefined;
	/**
	 * Whose it is and since when, while the store is imported into (`beginImport`), by a controller of the canister: an
	 * object with `owner`, `createdAt` and `modifiedAt`, such as the manifest that the blob had.
	 * Default: the caller's, from now on.
	 */
	importAs?: ImportAs | undefined;
	/** Bytes in all, of a stream whose size is known: it is then checked, and progress has a total. */
	size?: number | undefined;
	/**
	 * Replace what the key holds also where a stream, or a Blob of size 0, gives no byte at all: that may be a pipe from
	 * a program that failed. Without it such an upload fails with `source_empty` unless the key is free or holds
	 * an empty blob; `size: 0` says the same.
	 * @default false
	 */
	allowEmpty?: boolean | undefined;
	/** 32 bytes: SHA-256 of the whole, to be kept with the blob. It is not computed for you: that would read twice. */
	wholeSha256?: Uint8Array | undefined;
	/** Go on with an earlier upload of the same key and size where one is open. Default true. */
	resume?: boolean | undefined;
	/**
	 * Look for chunks that the caller has stored before, in this or any other blob, and do not send them: for a new
	 * version of something large. The source is then read twice, first to hash all of it, and a call is made for each
	 * 1,000 chunks. Only for sources that can be read twice. Default false.
	 */
	reuse?: boolean | undefined;
	/**
	 * By what the application finds the source again, for the client's `sessions`: a FileSystemFileHandle, a path.
	 */
	handle?: unknown | undefined;
	/**
	 * Bytes of a chunk. Bounds a single call as well.
	 * @default the client's
	 */
	chunkBytes?: number | undefined;
	/**
	 * Seal it before it leaves this machine. The source is read twice, first to hash all of it; a stream is sealed under a
	 * random key, and no later upload goes on with it. False sends it as it is.
	 * @default whether the client has an `encryption`
	 */
	encrypt?: boolean | undefined;
	/** Chunks under way at a time at the most, beside those of other transfers. Default: shared with them. */
	concurrency?: number | undefined;
	/** Aborts the transfer, which leaves what has arrived for a later resume. */
	signal?: AbortSignal | undefined;
}

/** The same with every choice made and checked against the protocol's bounds. */
export interface UploadPlan {
	readonly key: string;
	readonly contentType: string;
	readonly visibility: Visibility;
	readonly metadata: [string, string][];
	readonly precondition: Precondition | undefined;
	/** As it travels. */
	readonly expiresAt: bigint | undefined;
	readonly importAs: WireImportedAs | undefined;
	readonly allowEmpty: boolean;
	readonly wholeSha256: Uint8Array | undefined;
	readonly resume: boolean;
	readonly reuse: boolean;
	readonly handle: unknown;
	readonly chunkBytes: number;
	readonly concurrency: number | undefined;
}

/** @throws CanisterError `invalid_argument`, ClientError `option_invalid` */
export function planUpload(
	options: UploadOptions,
	source: OpenSource,
	settings: Settings,
	limit?: SendLimit,
): UploadPlan {
	const contentType = options.contentType
		? quoteParameters(options.contentType)
		: (mediaTypeOf(source.contentType ?? "") ??
			settings.ports.mediaTypeOfName(source.name ?? "") ??
			"application/octet-stream");
	const metadata = Object.entries(options.metadata ?? {});
	refuseInvalid(checkKey(options.key) ?? checkContentType(contentType) ?? checkMetadata(metadata));
	if (options.wholeSha256 && options.wholeSha256.length !== SHA256_BYTES)
		throw invalidOption("wholeSha256", "a SHA-256 has 32 bytes");
	if (options.size !== undefined) {
		checkInteger("size", options.size, 0);
		if (source.size !== options.size) throw invalidOption("size", `the source has ${source.size} bytes`);
	}
	const wanted = checkChunkBytes(options.chunkBytes ?? settings.chunkBytes);
	const chunkBytes = Math.min(wanted, limit?.bytes ?? wanted);
	refuseInvalid(checkChunking(chunkBytes, source.size === undefined ? undefined : BigInt(source.size)));
	return {
		key: options.key,
		contentType,
		visibility: options.visibility ?? "private",
		metadata,
		precondition: preconditionOf(options),
		expiresAt: options.expiresAt === undefined ? undefined : fromTime("expiresAt", options.expiresAt),
		importAs: options.importAs && fromImportAs(options.importAs),
		allowEmpty: options.allowEmpty ?? options.size === 0,
		wholeSha256: options.wholeSha256,
		resume: options.resume ?? true,
		reuse: options.reuse ?? false,
		handle: options.handle,
		chunkBytes,
		concurrency:
			options.concurrency === undefined ? undefined : checkInteger("concurrency", options.concurrency, 1),
	};
}
