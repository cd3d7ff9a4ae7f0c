import { randomBytes } from "node:crypto";
import { type KeyHolder, type KeySecrets, MasterKey } from "../../encryption/index.js";
import { checkArgument, checkOptions, INIT, sink as isSink, OPEN } from "../checks.js";
import { BackupError, damaged } from "../errors.js";
import { FORMAT_VERSION, type Generation, type SnapshotSummary } from "../format/generation.js";
import { decodeJson, encodeJson } from "../format/json.js";
import { generationName, hex, REPOSITORY } from "../format/names.js";
import { decodeSnapshot, type Snapshot } from "../format/snapshot.js";
import { addKey, openKey } from "../sealing/keys.js";
import { SealedSink } from "../sealing/sealed-sink.js";
import type { Sink } from "../sink.js";
import { TreePages } from "../tree/cursor.js";
import { type BlobEntry, blobCodec, type SettingEntry, settingCodec } from "../tree/entry.js";
import { Generations } from "./generations.js";
import { ItemIndex } from "./item-index.js";
import { ItemWriter } from "./item-writer.js";
import { Items } from "./items.js";

const FORMAT = "canister-blobs backup repository";
/** Version of an encrypted repository. Releases without encryption refuse it. */
const ENCRYPTED_VERSION = 2;
const MAX_CONFIG_BYTES = 64 * 1024;
/** Minimum length of an id prefix that names a snapshot. */
const MIN_ID_DIGITS = 4;

/** Options to open a repository. */
export interface RepositoryOptions {
	/** Whether the caller will write. The sink is then checked: see `singleWriter`. @default false */
	readonly writes?: boolean | undefined;
	/**
	 * Accepts a sink that cannot create objects exclusively. Never let two processes write to such a repository at a
	 * time.
	 * @default false
	 */
	readonly singleWriter?: boolean | undefined;
	/**
	 * Secrets that open an encrypted repository, or a function that gets them. It is called only for an encrypted
	 * repository.
	 */
	readonly secrets?: KeySecrets | (() => Promise<KeySecrets>) | undefined;
}

/** Options to make a repository. */
export interface InitOptions extends Pick<RepositoryOptions, "singleWriter"> {
	/**
	 * Encrypts the repository with a new master key, wrapped for this holder. @default not encrypted: `sha256sum`
	 * verifies it
	 */
	readonly encryptFor?: KeyHolder | undefined;
}

/** Reads `repository.json`, which is never encrypted. */
async function readConfig(sink: Sink) {
	const bytes = await sink.get(REPOSITORY, 0, MAX_CONFIG_BYTES);
	if (bytes === undefined) throw new BackupError("repository_not_found", { sink: sink.name });
	const fields = decodeJson(REPOSITORY, bytes);
	if (fields.text("format") !== FORMAT) throw damaged(REPOSITORY, "it is not that of a backup repository");
	const version = fields.integer("version");
	if (version !== FORMAT_VERSION && version !== ENCRYPTED_VERSION)
		throw new BackupError("repository_unsupported", { version });
	const master = version === ENCRYPTED_VERSION ? fields.text("master", 16) : undefined;
	return { bytes, id: fields.text("id", 64), master };
}

/** @throws BackupError `repository_encrypted`, KeyFileError `key_file_locked` */
async function keyOf(
	sink: Sink,
	master: string,
	{ secrets }: Pick<RepositoryOptions, "secrets">,
): Promise<MasterKey> {
	const given = typeof secrets === "function" ? await secrets() : secrets;
	if (given === undefined || (given.passphrase === undefined && !given.identities?.length))
		throw new BackupError("repository_encrypted", { sink: sink.name });
	return openKey(sink, master, given);
}

const opened = async (sink: Sink, key: MasterKey | undefined): Promise<Sink> =>
	key ? SealedSink.of(sink, key) : sink;

/**
 * The objects of a repository in decrypted form. For code that must look at objects before the repository can be
 * opened.
 */
export async function openedSink(
	sink: Sink,
	options: Pick<RepositoryOptions, "secrets"> = {},
): Promise<Sink> {
	const { master } = await readConfig(sink);
	return opened(sink, master === undefined ? undefined : await keyOf(sink, master, options));
}

/** Snapshots of stores, in a sink. */
export class Repository {
	/** The sink that holds the repository. */
	readonly sink: Sink;
	/** Random name from its creation. */
	readonly id: string;
	/** Its master key, if it is encrypted. */
	readonly masterKey: MasterKey | undefined;
	/** @internal */
	readonly generations: Generations;
	/** @internal */
	readonly index: ItemIndex;
	/** @internal */
	readonly items: Items;
	/** @internal */
	readonly blobs: TreePages<BlobEntry>;
	/** @internal */
	readonly settings: TreePages<SettingEntry>;

	private constructor(sink: Sink, id: string, generations: Generations, masterKey: MasterKey | undefined) {
		this.sink = sink;
		this.id = id;
		this.masterKey = masterKey;
		this.generations = generations;
		this.index = new ItemIndex(sink);
		this.items = new Items(sink, this.index);
		this.blobs = new TreePages(this.items, blobCodec);
		this.settings = new TreePages(this.items, settingCodec);
	}

	/**
	 * Makes a repository in an empty place.
	 * @throws BackupError `repository_exists`, `sink_unconditional`
	 */
	static async init(sink: Sink, options: InitOptions = {}): Promise<Repository> {
		checkArgument("sink", sink, isSink);
		checkOptions(options, INIT);
		// A killed init has left this object.
		for await (const { name } of sink.list(""))
			if (name !== generationName(0)) throw new BackupError("repository_exists", { sink: sink.name });
		const { singleWriter = false, encryptFor } = options;
		const masterKey = encryptFor && (await MasterKey.random());
		const isFirst = await new Generations(await opened(sink, masterKey), singleWriter).begin();
		// Another process's generation is sealed with its own key.
		if (masterKey && !isFirst) throw new BackupError("repository_exists", { sink: sink.name });
		if (masterKey) await addKey(sink, masterKey, encryptFor);
		const bytes = encodeJson({
			format: FORMAT,
			version: masterKey ? ENCRYPTED_VERSION : FORMAT_VERSION,
			id: hex(randomBytes(16)),
			createdAt: new Date().toISOString(),
			...(masterKey && { master: masterKey.id }),
		});
		if (!(await sink.create(REPOSITORY, bytes)))
			throw new BackupError("repository_exists", { sink: sink.name });
		return Repository.#open(sink, { writes: true, singleWriter }, async () => masterKey as MasterKey);
	}

	/**
	 * Opens a repository.
	 * @throws BackupError `repository_not_found`, `repository_unsupported`, `repository_damaged`, `sink_unconditional`,
	 * `repository_encrypted`; KeyFileError `key_file_locked` if the secrets do not open it
	 */
	static async open(sink: Sink, options: RepositoryOptions = {}): Promise<Repository> {
		checkArgument("sink", sink, isSink);
		checkOptions(options, OPEN);
		return Repository.#open(sink, options, (master) => keyOf(sink, master, options));
	}

	static async #open(
		sink: Sink,
		{ writes = false, singleWriter = false }: RepositoryOptions,
		keyOf: (master: string) => Promise<MasterKey>,
	): Promise<Repository> {
		const { bytes, id, master } = await readConfig(sink);
		// Writes the same bytes: a sink that overwrites on `create` does no harm and is detected.
		if (writes && !singleWriter && (await sink.create(REPOSITORY, bytes)))
			throw new BackupError("sink_unconditional", { sink: sink.name });
		const masterKey = master === undefined ? undefined : await keyOf(master);
		const its = await opened(sink, masterKey);
		const repository = new Repository(its, id, new Generations(its, singleWriter), masterKey);
		await repository.refresh();
		return repository;
	}

	/**
	 * Reads the changes of other processes. @returns the newest generation
	 * @internal
	 */
	async refresh(): Promise<Generation> {
		const generation = await this.generations.latest();
		this.index.condemn(generation.condemned);
		await this.index.refresh();
		return generation;
	}

	/**
	 * A writer of items, with a run of its own.
	 * @internal
	 */
	writer(signal: AbortSignal): ItemWriter {
		const run = hex(randomBytes(8));
		return new ItemWriter(this.sink, this.index, { run, compresses: this.masterKey === undefined, signal });
	}

	/** All snapshots, the oldest first. */
	async snapshots(): Promise<readonly SnapshotSummary[]> {
		return (await this.generations.latest()).snapshots;
	}

	/**
	 * One snapshot: by its id, by at least 4 digits that it begins with, or `latest`.
	 * @throws BackupError `snapshot_not_found`
	 */
	async find(name: string, canister?: string): Promise<SnapshotSummary> {
		const all = (await this.snapshots()).filter(
			(each) => canister === undefined || each.canister === canister,
		);
		const found =
			name === "latest"
				? all.slice(-1)
				: all.filter(({ id }) => name.length >= MIN_ID_DIGITS && id.startsWith(name));
		const [only] = found;
		if (only === undefined || found.length > 1)
			throw new BackupError("snapshot_not_found", { snapshot: name });
		return only;
	}

	/** Reads a snapshot. */
	async read(id: string): Promise<Snapshot> {
		return decodeSnapshot(id, await this.items.get(id));
	}
}
