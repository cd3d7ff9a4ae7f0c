import { readFile } from "node:fs/promises";
import type { BlobClient, Transfer, Version } from "../../../src/client/index.js";
import { toFile } from "../../../src/client/node/index.js";

/** The client's calls, by name, so that another process can be told which to make. */

/** What a call works on: keys, and the bytes that these hold if they hold anything. */
export interface Matter {
	readonly blobs: ReadonlyMap<string, Uint8Array>;
	/** Of the version that was there before. */
	readonly version?: Version;
	/** Where a download becomes a file. */
	readonly path?: string;
}

/** The client's call; `started` is told of a transfer, which can be paused. */
export type Act = (
	client: BlobClient,
	matter: Matter,
	started: (transfer: Transfer<unknown, unknown>) => void,
) => PromiseLike<unknown>;

/** As a stream, since what is known to fit one call goes up in one. */
async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}

/** The first blob, of most calls the only one. */
export function first({ blobs }: Matter): { key: string; bytes: Uint8Array } {
	for (const [key, bytes] of blobs) return { key, bytes };
	throw new Error("a call without a blob");
}

const uploading =
	(options: { ifNoneMatch?: "*"; isStream: boolean }): Act =>
	(client, matter, started) => {
		const { key, bytes } = first(matter);
		const { isStream, ...rest } = options;
		const transfer = client.upload(isStream ? streamOf(bytes) : bytes, { key, ...rest });
		started(transfer as Transfer<unknown, unknown>);
		return transfer.done;
	};

export const ACTS = {
	upload: uploading({ isStream: true }),
	/** Over nothing. */
	uploadNew: uploading({ isStream: true, ifNoneMatch: "*" }),
	putNew: uploading({ isStream: false, ifNoneMatch: "*" }),
	/** Over nothing that is there already. */
	putMany: async (client, { blobs }, started) => {
		const items = [...blobs].map(([key, source]) => ({ key, source }));
		const transfer = client.uploadMany(items, { skipUnchanged: true });
		started(transfer as Transfer<unknown, unknown>);
		for (const file of (await transfer.done).items) if (file.status === "failed") throw file.error;
	},
	/** The first blob's bytes are sent beforehand. */
	batch: async (client, { blobs }) => {
		const [[key, bytes], ...others] = [...blobs] as [[string, Uint8Array], ...[string, Uint8Array][]];
		const upload = await client.prepareUpload(streamOf(bytes), { key }).done;
		const puts = others.map(([key, source]) => ({ type: "put" as const, key, source }));
		await client.batch([{ type: "commit", upload }, ...puts]);
	},
	download: async (client, matter) => {
		const { key, bytes } = first(matter);
		const { path } = matter;
		const download = client.download(key);
		const got = path ? await readFile((await toFile(download, path)).path) : await download.bytes();
		if (Buffer.compare(got, bytes) !== 0) throw new Error("it gave other bytes");
	},
	delete: (client, matter) => {
		const { version = { sequence: 0n, canisterVersion: 0n } } = matter;
		return client.delete(first(matter).key, { ifMatch: version });
	},
} satisfies Record<string, Act>;

export type ActName = keyof typeof ACTS;
