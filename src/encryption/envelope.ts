import { aessiv } from "@noble/ciphers/aes.js";
import { ClientError } from "../client/errors/errors.js";
import { concat, hex, text, utf8 } from "../client/util/bytes.js";
import { MAX_METADATA_BYTES } from "../protocol/index.js";
import { fromBase64Url, toBase64Url } from "./base64.js";
import { KEY_BYTES } from "./frames.js";
import type { Layout } from "./layout.js";

/** Name of the metadata entry that holds the envelope. */
export const ENVELOPE = "canister-blobs-encrypted";

const VERSION = 1;
const HEAD_BYTES = 9;
/** Padding step: the sealed text is padded with spaces to a multiple, so that its length does not reveal the type. */
const STEP = 64;

/** The key of a blob with its type and metadata. Unreadable without the master key. */
export interface Envelope extends Layout {
	readonly blobKey: Uint8Array;
	/** Whether the source was a stream. Frames of a stream are not bound to the size; the envelope is. */
	readonly isStream: boolean;
	readonly contentType: string;
	readonly metadata: Readonly<Record<string, string>>;
	readonly wholeSha256: Uint8Array | undefined;
}

/** Seals envelopes with AES-SIV: equal envelopes seal alike, and no nonce can repeat. */
export class Envelopes {
	readonly #key: Uint8Array;
	readonly #head: Uint8Array;

	/** @param key 64 bytes; @param masterId 16 hexadecimal digits */
	constructor(key: Uint8Array, masterId: string) {
		this.#key = key;
		this.#head = Uint8Array.of(
			VERSION,
			...(masterId.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16)),
		);
	}

	/** @throws ClientError `option_invalid` if type and metadata are too long once sealed */
	seal({
		blobKey,
		isStream,
		size,
		padded,
		frameBytes,
		contentType,
		metadata,
		wholeSha256,
	}: Envelope): string {
		const json = JSON.stringify({
			key: toBase64Url(blobKey),
			size,
			padded,
			frame: frameBytes,
			...(isStream && { stream: true }),
			type: contentType,
			...(Object.keys(metadata).length > 0 && { metadata }),
			...(wholeSha256 && { sha256: toBase64Url(wholeSha256) }),
		});
		const plain = utf8(json);
		const filled = new Uint8Array(Math.ceil(plain.length / STEP) * STEP).fill(0x20);
		filled.set(plain);
		const sealed = toBase64Url(concat(this.#head, aessiv(this.#key, this.#head).encrypt(filled)));
		if (sealed.length + ENVELOPE.length > MAX_METADATA_BYTES)
			throw new ClientError("option_invalid", {
				option: "metadata",
				reason: `sealed, it has ${sealed.length + ENVELOPE.length} bytes, and at most ${MAX_METADATA_BYTES} are kept`,
			});
		return sealed;
	}

	/** @throws ClientError `decryption_failed`, `encryption_key_missing` */
	open(value: string): Envelope {
		const bytes = fromBase64Url(value);
		if (bytes === undefined || bytes.length < HEAD_BYTES) throw unreadable("it is no envelope");
		if (bytes[0] !== VERSION)
			throw unreadable(`it is of version ${bytes[0]}, which this release does not know`);
		const head = bytes.subarray(0, HEAD_BYTES);
		if (hex(head) !== hex(this.#head))
			throw new ClientError("encryption_key_missing", { masterKey: hex(head.subarray(1)) });
		let plain: Uint8Array;
		try {
			plain = aessiv(this.#key, head).decrypt(bytes.subarray(HEAD_BYTES));
		} catch (error) {
			throw unreadable("it was changed", error);
		}
		return read(JSON.parse(text(plain)) as Fields);
	}
}

/** The envelope is authenticated by now, so this package wrote these fields. */
interface Fields {
	readonly key: string;
	readonly size: number;
	readonly padded: number;
	readonly frame: number;
	readonly stream?: boolean;
	readonly type: string;
	readonly metadata?: Readonly<Record<string, string>>;
	readonly sha256?: string;
}

function read(fields: Fields): Envelope {
	const { key, size, padded, frame, stream = false, type, metadata = {}, sha256 } = fields;
	const blobKey = fromBase64Url(key);
	if (blobKey?.length !== KEY_BYTES) throw unreadable("it holds no key");
	return {
		blobKey,
		size,
		padded,
		frameBytes: frame,
		isStream: stream,
		contentType: type,
		metadata,
		wholeSha256: sha256 === undefined ? undefined : fromBase64Url(sha256),
	};
}

const unreadable = (why: string, cause?: unknown) =>
	new ClientError(
		"decryption_failed",
		{ reason: `the envelope of the blob cannot be opened: ${why}` },
		cause,
	);
