import * as is from "../client/arguments.js";
import type { UpdateOptions } from "../client/blobs/changing.js";
import type { ListOptions } from "../client/blobs/list.js";
import type { VerifiedBlob } from "../client/download/verified-blob.js";
import type { BlobEncryption, Sealing, SealingOptions } from "../client/encryption.js";
import { ClientError, isBlobError, refuseInvalid } from "../client/errors/errors.js";
import type { Settings } from "../client/options.js";
import type { Sha256 } from "../client/platform/ports.js";
import { quoteParameters } from "../client/source/media-type.js";
import type { OpenSource } from "../client/source/types.js";
import type { Change, DeletedBlob, ListEntry, Manifest } from "../client/types.js";
import type { UploadPlan } from "../client/upload/options.js";
import { withJson } from "../client/util/json.js";
import { checkChunking, checkContentType, checkKey, checkMetadata } from "../protocol/index.js";
import { blobKeyOf } from "./blob-key.js";
import { ENVELOPE, type Envelope, Envelopes } from "./envelope.js";
import { KEY_BYTES } from "./frames.js";
import { type Layout, padded, sealedSize, TAG_BYTES } from "./layout.js";
import { MasterKey } from "./master-key.js";
import { Names } from "./names.js";
import { OpenedBlob } from "./opened-blob.js";
import { SealedSource } from "./sealed-source.js";
import { SealedStream } from "./sealed-stream.js";
import { randomBytes } from "./subtle.js";

const SIV_KEY_BYTES = 64;
const OPAQUE = "application/octet-stream";

const MASTER_KEY: is.Check = {
	expected: "a MasterKey",
	accepts: (value) => value instanceof MasterKey,
};

/** Options of `Encryption.of`. */
export interface EncryptionOptions {
	/** Key that seals uploads, and opens what it sealed. */
	readonly masterKey: MasterKey;
	/** Further keys that open blobs, such as former master keys. @default none */
	readonly olderKeys?: readonly MasterKey[] | undefined;
	/**
	 * Whether to seal keys as well, segment by segment: every key that passes through the client. Lists then come in
	 * the order of the sealed keys. A key grows by a third and 23 characters a segment. @default false
	 */
	readonly names?: boolean | undefined;
	/**
	 * Whether to seal equal blobs alike under any key, so that the store has their chunks once. A reader of the store
	 * then learns which blobs are equal; a holder of the master key can confirm a guessed content. @default false
	 */
	readonly deduplicate?: boolean | undefined;
}

const OPTIONS: is.Checks<EncryptionOptions> = {
	masterKey: MASTER_KEY,
	olderKeys: {
		expected: "an array of MasterKeys",
		accepts: (value) => Array.isArray(value) && value.every(MASTER_KEY.accepts),
	},
	names: is.flag,
	deduplicate: is.flag,
};

/**
 * Encrypts blobs with one master key: the option `encryption` of a BlobClient. It seals uploads before they leave this
 * machine, and opens blobs on reading. docs/ENCRYPTION.md describes what it protects and what stays visible.
 */
export class Encryption implements BlobEncryption {
	readonly #master: MasterKey;
	readonly #envelopes: Envelopes;
	readonly #older: readonly Envelopes[];
	readonly #names: Names | undefined;
	readonly #deduplicates: boolean;

	private constructor(
		master: MasterKey,
		[envelopes, ...older]: readonly Envelopes[],
		names: Names | undefined,
		deduplicates: boolean,
	) {
		this.#master = master;
		this.#envelopes = envelopes as Envelopes;
		this.#older = older;
		this.#names = names;
		this.#deduplicates = deduplicates;
	}

	/** @throws ClientError `encryption_unavailable` without WebCrypto */
	static async of(options: EncryptionOptions): Promise<Encryption> {
		is.checkArgument("options", options, is.object);
		is.checkOptions(options, OPTIONS);
		is.checkArgument("masterKey", options.masterKey, MASTER_KEY);
		const { masterKey, olderKeys = [], names = false, deduplicate = false } = options;
		const envelopes = await Promise.all(
			[masterKey, ...olderKeys].map(
				async (key) => new Envelopes(await key.derive("envelope", SIV_KEY_BYTES), key.id),
			),
		);
		const sealed = names ? new Names(await masterKey.derive("names", SIV_KEY_BYTES)) : undefined;
		return new Encryption(masterKey, envelopes, sealed, deduplicate);
	}

	/** The store's key for a key of the application. */
	sealKey(key: string): string {
		return this.#names ? this.#names.seal(key) : key;
	}

	/** The reverse of `sealKey`. Returns an unsealed key unchanged. */
	openKey(key: string): string {
		return this.#names ? this.#names.open(key) : key;
	}

	/** @internal */
	seal(
		source: OpenSource,
		plan: UploadPlan,
		options: SealingOptions,
		{ chunkBytes: otherwise, ports }: Pick<Settings, "chunkBytes" | "ports">,
	): Sealing {
		const { encrypt = true, resume = false, chunkBytes = otherwise } = options;
		const { sha256 } = ports;
		if (!encrypt) return { source, plan: { ...plan, key: this.sealKey(plan.key) } };
		if (!source.isRepeatable && resume)
			throw new ClientError("source_not_repeatable", {
				reason: "a stream is sealed under a random key, so that no upload of it can be resumed",
			});
		const { contentType, wholeSha256 } = plan;
		if (plan.metadata.some(([name]) => name === ENVELOPE))
			throw new ClientError("option_invalid", { option: "metadata", reason: `it has the name ${ENVELOPE}` });
		const isStream = !source.isRepeatable;
		const said = { contentType, metadata: Object.fromEntries(plan.metadata), wholeSha256, isStream };
		// Checked before the source is read, with the largest numbers, so that the real envelope cannot be longer.
		const [most, none] = [Number.MAX_SAFE_INTEGER, new Uint8Array(KEY_BYTES)];
		const longest = { ...said, size: most, padded: most, frameBytes: chunkBytes, blobKey: none };
		const metadata: [string, string][] = [[ENVELOPE, this.#envelopes.seal(longest)]];
		const publish = (layout: Layout, blobKey: Uint8Array) => {
			metadata[0] = [ENVELOPE, this.#envelopes.seal({ ...said, ...layout, blobKey })];
		};
		const sealed = this.#sealedSource(source, plan.key, chunkBytes - TAG_BYTES, sha256, publish);
		const key = this.sealKey(plan.key);
		const size = sealed.size === undefined ? undefined : BigInt(sealed.size);
		refuseInvalid(checkKey(key) ?? checkChunking(plan.chunkBytes, size));
		const open = { key, contentType: OPAQUE, metadata, wholeSha256: undefined };
		return { source: sealed, plan: { ...plan, ...open, resume: plan.resume && !isStream } };
	}

	#sealedSource(
		source: OpenSource,
		name: string,
		frameBytes: number,
		sha256: Sha256,
		publish: (layout: Layout, blobKey: Uint8Array) => void,
	): OpenSource {
		if (!source.isRepeatable || source.size === undefined) {
			const key = randomBytes(KEY_BYTES);
			return new SealedStream(source, key, frameBytes, (layout) => publish(layout, key));
		}
		const { size } = source;
		const layout = { size, padded: padded(size), frameBytes };
		return new SealedSource(source, layout, sha256, async (leaves) => {
			const content = { ...layout, leaves, name: this.#deduplicates ? undefined : name };
			const key = await blobKeyOf(this.#master, content, sha256);
			publish(layout, key);
			return key;
		});
	}

	/** @internal */
	sealedSize(
		size: number | undefined,
		options: SealingOptions | undefined,
		otherwise: number,
	): number | undefined {
		const { encrypt = true, chunkBytes = otherwise } = options ?? {};
		if (size === undefined || !encrypt) return size;
		return sealedSize({ padded: padded(size), frameBytes: chunkBytes - TAG_BYTES });
	}

	/** @internal */
	openManifest(manifest: Manifest): Manifest {
		const envelope = this.#envelopeOf(manifest);
		const key = this.openKey(manifest.key);
		if (!envelope) return key === manifest.key ? manifest : withJson({ ...manifest, key });
		const { size, frameBytes, contentType, metadata, wholeSha256 } = envelope;
		return withJson({ ...manifest, key, size, chunkBytes: frameBytes, contentType, metadata, wholeSha256 });
	}

	/** @internal */
	async openBlob(blob: VerifiedBlob): Promise<VerifiedBlob> {
		const envelope = this.#envelopeOf(blob.manifest);
		return envelope ? OpenedBlob.of(blob, this.openManifest(blob.manifest), envelope) : blob;
	}

	/** @internal */
	checkUpdate({ contentType, replaceMetadata }: UpdateOptions): void {
		if (contentType !== undefined || replaceMetadata !== undefined)
			throw new ClientError("option_invalid", {
				option: "items",
				reason: "a client with encryption changes type and metadata by `update` alone",
			});
	}

	/** @internal */
	async sealUpdate(options: UpdateOptions, find: () => Promise<Manifest>): Promise<UpdateOptions> {
		if (options.contentType === undefined && options.replaceMetadata === undefined) return options;
		const stored = await find();
		const envelope = this.#envelopeOf(stored);
		if (!envelope) return options;
		const { contentType, replaceMetadata: metadata, ...others } = options;
		const type = contentType ? quoteParameters(contentType) : undefined;
		refuseInvalid(
			(type === undefined ? undefined : checkContentType(type)) ??
				(metadata && checkMetadata(Object.entries(metadata))),
		);
		const changed = {
			...envelope,
			...(type !== undefined && { contentType: type }),
			...(metadata && { metadata }),
		};
		const sealed = { [ENVELOPE]: this.#envelopes.seal(changed) };
		// The envelope opens this version only, so the update must not apply to another one.
		return { ...others, replaceMetadata: sealed, ifMatch: options.ifMatch ?? stored };
	}

	/** @internal */
	sealList(options: ListOptions): ListOptions {
		if (!this.#names) return options;
		const { prefix, after } = options;
		// A part of a segment cannot be sealed, so the prefix of the last segment is compared after opening.
		const directory = prefix?.slice(0, prefix.lastIndexOf("/") + 1);
		return {
			...options,
			...(directory !== undefined && { prefix: this.sealKey(directory) }),
			...(after !== undefined && { after: this.sealKey(after) }),
		};
	}

	/** @internal */
	openEntry(entry: ListEntry, { prefix = "" }: ListOptions): ListEntry | undefined {
		if (entry.type === "directory") {
			const path = this.openKey(entry.path);
			return path.startsWith(prefix) ? { ...entry, path } : undefined;
		}
		const blob = this.#openListed(entry.blob);
		return blob.key.startsWith(prefix) ? { ...entry, blob } : undefined;
	}

	/** @internal */
	openChange(change: Change): Change {
		if ("manifest" in change) return withJson({ ...change, manifest: this.#openListed(change.manifest) });
		return "key" in change ? withJson({ ...change, key: this.openKey(change.key) }) : change;
	}

	/** @internal */
	openDeleted(deleted: DeletedBlob): DeletedBlob {
		const manifest = this.#openListed(deleted.manifest);
		return withJson({ ...deleted, key: manifest.key, manifest });
	}

	/** A blob that was sealed with another key, or is damaged, is listed as the store has it. */
	#openListed(manifest: Manifest): Manifest {
		try {
			return this.openManifest(manifest);
		} catch (error) {
			if (!isBlobError(error)) throw error;
			return manifest;
		}
	}

	/** @throws ClientError `decryption_failed`, `encryption_key_missing` */
	#envelopeOf({ metadata, size }: Manifest): Envelope | undefined {
		const sealed = metadata[ENVELOPE];
		if (sealed === undefined) return undefined;
		const envelope = this.#open(sealed);
		if (size !== sealedSize(envelope))
			throw new ClientError("decryption_failed", {
				reason: `the blob has ${size} bytes, and ${sealedSize(envelope)} were sealed: it was cut or exchanged`,
			});
		return envelope;
	}

	#open(sealed: string): Envelope {
		let missing: unknown;
		for (const envelopes of [this.#envelopes, ...this.#older]) {
			try {
				return envelopes.open(sealed);
			} catch (error) {
				if (!isBlobError(error, "encryption_key_missing")) throw error;
				missing = error;
			}
		}
		throw missing;
	}
}
