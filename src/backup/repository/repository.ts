import { randomBytes } from "node:crypto";
import { BackupError, damaged } from "../errors.js";
import { FORMAT_VERSION, type Generation, type SnapshotSummary } from "../format/generation.js";
import { decodeJson, encodeJson } from "../format/json.js";
import { generationName, hex, REPOSITORY } from "../format/names.js";
import { decodeSnapshot, type Snapshot } from "../format/snapshot.js";
import type { Sink } from "../sink.js";
import { TreePages } from "../tree/cursor.js";
import { type BlobEntry, blobCodec, type SettingEntry, settingCodec } from "../tree/entry.js";
import { Generations } from "./generations.js";
import { ItemIndex } from "./item-index.js";
import { Items } from "./items.js";

const FORMAT = "canister-blobs backup repository";
const MAX_CONFIG_BYTES = 64 * 1024;
/** Shortest beginning of an id that names a snapshot. */
const MIN_ID_DIGITS = 4;

/** How a repository is opened. */
export interface RepositoryOptions {
	/** Whether anything is going to be written. The sink is then tried: see `singleWriter`. @default false */
	readonly writes?: boolean;
	/**
	 * Take a sink that cannot create objects exclusively. Never let two processes write to such a repository at a time.
	 * @default false
	 */
	readonly singleWriter?: boolean;
}

/** Snapshots of stores, in a sink. */
export class Repository {
	/** Where it lies. */
	readonly sink: Sink;
	/** Name that it was given when it was made. */
	readonly id: string;
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

	private constructor(sink: Sink, id: string, generations: Generations) {
		this.sink = sink;
		this.id = id;
		this.generations = generations;
		this.index = new ItemIndex(sink);
		this.items = new Items(sink, this.index);
		this.blobs = new TreePages(this.items, blobCodec);
		this.settings = new TreePages(this.items, settingCodec);
	}

	/**
	 * Makes a repository where there is nothing.
	 * @throws BackupError `repository_exists`, `sink_unconditional`
	 */
	static async init(sink: Sink, options: Pick<RepositoryOptions, "singleWriter"> = {}): Promise<Repository> {
		// An init that died has left this.
		for await (const { name } of sink.list(""))
			if (name !== generationName(0)) throw new BackupError("repository_exists", { sink: sink.name });
		const { singleWriter = false } = options;
		await new Generations(sink, singleWriter).begin();
		const bytes = encodeJson({
			format: FORMAT,
			version: FORMAT_VERSION,
			id: hex(randomBytes(16)),
			createdAt: new Date().toISOString(),
		});
		if (!(await sink.create(REPOSITORY, bytes)))
			throw new BackupError("repository_exists", { sink: sink.name });
		return Repository.open(sink, { writes: true, singleWriter });
	}

	/**
	 * Opens a repository.
	 * @throws BackupError `repository_not_found`, `repository_unsupported`, `repository_damaged`, `sink_unconditional`
	 */
	static async open(sink: Sink, options: RepositoryOptions = {}): Promise<Repository> {
		const { writes = false, singleWriter = false } = options;
		const bytes = await sink.get(REPOSITORY, 0, MAX_CONFIG_BYTES);
		if (bytes === undefined) throw new BackupError("repository_not_found", { sink: sink.name });
		const fields = decodeJson(REPOSITORY, bytes);
		if (fields.text("format") !== FORMAT) throw damaged(REPOSITORY, "it is not that of a backup repository");
		const version = fields.integer("version");
		if (version !== FORMAT_VERSION) throw new BackupError("repository_unsupported", { version });
		// The same bytes: a sink that overwrites what it was to create does no harm, and is found out.
		if (writes && !singleWriter && (await sink.create(REPOSITORY, bytes)))
			throw new BackupError("sink_unconditional", { sink: sink.name });
		const repository = new Repository(sink, fields.text("id", 64), new Generations(sink, singleWriter));
		await repository.refresh();
		return repository;
	}

	/**
	 * Learns what other processes did. @returns the newest generation
	 * @internal
	 */
	async refresh(): Promise<Generation> {
		const generation = await this.generations.latest();
		this.index.condemn(generation.condemned);
		await this.index.refresh();
		return generation;
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

	/** What a snapshot says. */
	async read(id: string): Promise<Snapshot> {
		return decodeSnapshot(id, await this.items.get(id));
	}
}
