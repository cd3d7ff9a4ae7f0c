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

/** Key and properties of the blob to publish, and how the bytes are sent. */
export interface UploadOptions extends Conditions {
	/** The key: a path of 1 to 1,024 bytes in UTF-8, at most 32 segments. */
	key: string;
	/**
	 * A media type; parameter values are quoted if necessary. If absent or empty: the type of the source (a Blob's
	 * `type`), else in Node the type of its file extension (of a path, a File or a file's stream), else
	 * `application/octet-stream`. It is never guessed from the key.
	 */
	contentType?: string | undefined;
	/** Who may read the blob. Default `private`: its owner and the store's readers. */
	visibility?: Visibility | undefined;
	/** Names in lower case and their values: at most 32, 4,096 bytes in all. */
	metadata?: Readonly<Record<string, string>> | undefined;
	/**
	 * When the blob expires, by the canister's clock: from then on the key holds nothing for any caller. A Date or
	 * milliseconds since 1970. A rule of the store may end it earlier. Default: only such a rule ends it.
	 */
	expiresAt?: Date | number | undefined;
	/**
	 * Owner and times of the blob during an import (`beginImport`) by a controller of the canister: an object with
	 * `owner`, `createdAt` and `modifiedAt`, such as the blob's original manifest.
	 * Default: the caller and the current time.
	 */
	importAs?: ImportAs | undefined;
	/** Size in bytes of a stream, if known: the upload then checks it, and progress has a total. */
	size?: number | undefined;
	/**
	 * Whether an empty stream, or a Blob of size 0, may replace the key's blob. An empty stream may come from a program
	 * that failed, so by default such an upload fails with `source_empty` unless the key is free or holds an empty
	 * blob. `size: 0` also allows it.
	 * @default false
	 */
	allowEmpty?: boolean | undefined;
	/**
	 * SHA-256 of the whole source, 32 bytes, to store with the blob. The client does not compute it, since that would
	 * read the source twice.
	 */
	wholeSha256?: Uint8Array | undefined;
	/** Resume an open upload of the same key and size. Default true. */
	resume?: boolean | undefined;
	/**
	 * Look for chunks that the caller has stored before, in this or any other blob, and do not send them again: useful
	 * for a new version of a large file. The client then reads the source twice, first to hash it, and makes a call per
	 * 1,000 chunks. Only for sources that can be read twice. Default false.
	 */
	reuse?: boolean | undefined;
	/**
	 * A value by which the application finds the source again, recorded in the client's `sessions`: a
	 * FileSystemFileHandle, a path.
	 */
	handle?: unknown | undefined;
	/**
	 * Bytes of a chunk. Also bounds a single call.
	 * @default the client's
	 */
	chunkBytes?: number | undefined;
	/**
	 * Encrypt the source before it is sent. The client reads the source twice, first to hash it. A stream is sealed
	 * under a random key, so no later upload can resume it. False sends the source unencrypted.
	 * @default true if the client has an `encryption`
	 */
	encrypt?: boolean | undefined;
	/** Maximum chunks of this transfer in flight. Default: only the client's shared limit applies. */
	concurrency?: number | undefined;
	/** Aborts the transfer. Chunks that have arrived stay for a later resume. */
	signal?: AbortSignal | undefined;
}

/** The options with all defaults applied, checked against the protocol's limits. */
export interface UploadPlan {
	readonly key: string;
	readonly contentType: string;
	readonly visibility: Visibility;
	readonly metadata: [string, string][];
	readonly precondition: Precondition | undefined;
	/** In the unit of the protocol. */
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
