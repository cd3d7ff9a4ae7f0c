import type { UpdateOptions } from "./blobs/changing.js";
import type { ListOptions } from "./blobs/list.js";
import { proving } from "./blobs/proving.js";
import type { ClientContext } from "./context.js";
import type { VerifiedBlob } from "./download/verified-blob.js";
import { ClientError } from "./errors/errors.js";
import type { Settings } from "./options.js";
import type { OpenSource } from "./source/types.js";
import type { Change, DeletedBlob, ListEntry, Manifest } from "./types.js";
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
export type SealingOptions = Pick<UploadOptions, "chunkBytes" | "encrypt" | "resume">;

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
	seal(
		source: OpenSource,
		plan: UploadPlan,
		options: SealingOptions,
		settings: Pick<Settings, "chunkBytes" | "ports">,
	): Sealing;
	/** Bytes that so many have as they go up. @internal */
	sealedSize(size: number | undefined, options: SealingOptions, chunkBytes: number): number | undefined;
	/** What a manifest of the store is of. One of a blob that is not sealed stays as it is. @internal */
	openManifest(manifest: Manifest): Manifest;
	/** The chunks of a blob, opened where it is sealed. @internal */
	openBlob(blob: VerifiedBlob): Promise<VerifiedBlob>;
	/** A change to a blob of the store that keeps what opens it. @internal */
	sealUpdate(options: UpdateOptions, stored: () => Promise<Manifest>): Promise<UpdateOptions>;
	/** Refuses a change that takes a look at the store first. @internal */
	checkUpdate(options: UpdateOptions): void;
	/** What the store is asked for a list. @internal */
	sealList(options: ListOptions): ListOptions;
	/** An entry of a list of the store; undefined for one that was not asked for. @internal */
	openEntry(entry: ListEntry, options: ListOptions): ListEntry | undefined;
	/** A change of the store's feed. @internal */
	openChange(change: Change): Change;
	/** A blob that the store keeps though it was deleted. @internal */
	openDeleted(deleted: DeletedBlob): DeletedBlob;
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
	{ settings }: Context,
	source: OpenSource,
	plan: UploadPlan,
	options: SealingOptions,
): Sealing {
	if (settings.encryption) return settings.encryption.seal(source, plan, options, settings);
	if (options.encrypt)
		throw new ClientError("encryption_unavailable", { reason: "the client has no `encryption`" });
	return { source, plan };
}

/** A change to a blob, as the store is asked for it. */
export async function storedUpdate(
	context: ClientContext,
	key: string,
	options: UpdateOptions,
): Promise<UpdateOptions> {
	const { encryption } = context.settings;
	const { signal } = options;
	return encryption
		? encryption.sealUpdate(options, async () => (await proving()).stat(context, key, signal && { signal }))
		: options;
}
