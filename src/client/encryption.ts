import type { UpdateOptions } from "./changing.js";
import type { ClientContext } from "./context.js";
import type { VerifiedBlob } from "./download/verified-blob.js";
import { ClientError } from "./errors.js";
import type { Sha256 } from "./ports.js";
import type { ListOptions } from "./reading/list.js";
import type { OpenSource } from "./source/types.js";
import { stat } from "./stat.js";
import type { ListEntry, Manifest } from "./types.js";
import type { UploadOptions, UploadPlan } from "./upload/options.js";

/** A source that gives sealed bytes, and what is said of it in the open. */
export interface Sealing {
	/** Takes the place of the source that was given. */
	readonly source: OpenSource;
	/**
	 * Takes the place of the plan that was made: it holds nothing that is to be secret. What opens the blob is put among its
	 * metadata before the last bytes of the source are given.
	 */
	readonly plan: UploadPlan;
}

/** What an upload says of how it is sealed. Nothing of it is what the network said. */
export interface SealingChoices {
	/** Bytes that a chunk is to have once it is sealed. */
	readonly chunkBytes: number;
	/** Whether the caller asked for an upload that can be resumed. */
	readonly mustResume: boolean;
	/** The platform's. */
	readonly sha256: Sha256;
}

/**
 * Encrypts blobs before they leave this machine, and opens them: `Encryption` of `canister-blobs/encryption`. An interface,
 * so that a page that encrypts nothing does not load it.
 */
export interface BlobEncryption {
	/** The key that the store has for one of the application's. */
	sealKey(key: string): string;
	/** The reverse. A key that was not sealed stays as it is. */
	openKey(key: string): string;
	/** @internal */
	seal(source: OpenSource, plan: UploadPlan, choices: SealingChoices): Sealing;
	/** Bytes that so many have once they are sealed in chunks of this size. @internal */
	sealedSize(size: number, chunkBytes: number): number;
	/** What a manifest of the store is of. One of a blob that is not sealed stays as it is. @internal */
	openManifest(manifest: Manifest): Manifest;
	/** The chunks of a blob, opened where it is sealed. @internal */
	openBlob(blob: VerifiedBlob): Promise<VerifiedBlob>;
	/** A change to a blob of the store that keeps what opens it. @internal */
	sealUpdate(stored: Manifest, options: UpdateOptions): UpdateOptions;
	/** What the store is asked for a list. @internal */
	sealList(options: ListOptions): ListOptions;
	/** An entry of a list of the store; undefined for one that was not asked for. @internal */
	openEntry(entry: ListEntry, options: ListOptions): ListEntry | undefined;
}

type Context = Pick<ClientContext, "settings">;

/** The key that the store has for one of the application's. */
export const storedKey = ({ settings: { encryption } }: Context, key: string): string =>
	encryption ? encryption.sealKey(key) : key;

/** The application's key for one of the store. */
export const shownKey = ({ settings: { encryption } }: Context, key: string): string =>
	encryption ? encryption.openKey(key) : key;

/** What a manifest of the store is of. */
export const shown = ({ settings: { encryption } }: Context, manifest: Manifest): Manifest =>
	encryption ? encryption.openManifest(manifest) : manifest;

/** A source and its plan as they go up. */
export function sealed(
	{ settings: { encryption, chunkBytes, ports } }: Context,
	source: OpenSource,
	plan: UploadPlan,
	options: Pick<UploadOptions, "chunkBytes" | "encrypt" | "resume">,
): Sealing {
	const { encrypt = encryption !== undefined, resume = false } = options;
	if (!encryption) {
		if (!encrypt) return { source, plan };
		throw new ClientError("encryption_unavailable", { reason: "the client was given no `encryption`" });
	}
	if (!encrypt) return { source, plan: { ...plan, key: encryption.sealKey(plan.key) } };
	const choices = {
		chunkBytes: options.chunkBytes ?? chunkBytes,
		mustResume: resume,
		sha256: ports.sha256,
	};
	return encryption.seal(source, plan, choices);
}

/** A change to a blob, as the store is asked for it. */
export async function storedUpdate(
	context: ClientContext,
	key: string,
	options: UpdateOptions,
): Promise<UpdateOptions> {
	const { encryption } = context.settings;
	if (!encryption || (options.contentType === undefined && options.metadata === undefined)) return options;
	const { signal } = options;
	return encryption.sealUpdate(await stat(context, key, signal && { signal }), options);
}
