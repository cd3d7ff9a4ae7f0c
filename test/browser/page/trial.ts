import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import {
	BlobClient,
	indexedDbSessions,
	type Manifest,
	type Transfer,
	type UploadProgress,
} from "canister-blobs";
import { sha256 } from "js-sha256";

/** A page that a test controls through its `trial`. It is bundled from the packed package, as a user's page is. */

export interface Report {
	readonly progress: UploadProgress;
	readonly state: Transfer["state"];
	/** Of what failed; undefined where nothing did. */
	readonly error: string | undefined;
}

export interface Downloaded {
	readonly sha256: string;
	readonly bytes: number;
}

export interface Trial {
	/** Begins to upload the chosen file under a key. */
	upload(key: string): void;
	pause(): void;
	/** Pauses in the moment in which so many bytes have arrived: whoever asks from outside may come too late. */
	pauseAt(bytes: number): Promise<void>;
	resume(): void;
	report(): Report;
	/** Downloads into a file of the origin's own (where the page is a secure one), hashed on its way. */
	download(key: string): Promise<Downloaded>;
	/** Downloads into nothing. @returns bytes */
	drain(key: string): Promise<number>;
	/** Keys with an upload that this browser has noted, and not seen the end of. */
	noted(): Promise<string[]>;
}

declare global {
	interface Window {
		trial: Trial;
	}
}

interface Config {
	readonly canisterId: string;
	readonly host: string;
	/** The test gives the key, so that it can give the role beforehand, and a reload is the same user. */
	readonly identity: string;
}

async function start(): Promise<void> {
	const config: Config = await (await fetch("config.json")).json();
	const identity = Ed25519KeyIdentity.fromJSON(config.identity);
	// The first signature takes 50 ms, for tables that @dfinity/identity makes: not to be taken for the client's.
	await identity.sign(new Uint8Array(1));
	const agent = await HttpAgent.create({ host: config.host, identity, shouldFetchRootKey: true });
	const sessions = indexedDbSessions();
	const client = new BlobClient({ agent, canisterId: config.canisterId, localNetwork: true, sessions });
	let transfer: Transfer<Manifest> | undefined;
	let error: string | undefined;

	window.trial = {
		upload: (key) => {
			const file = document.querySelector("input")?.files?.[0];
			if (!file) throw new Error("no file was chosen");
			error = undefined;
			transfer = client.upload(file, { key });
			transfer.done.then(undefined, (failure) => {
				error = String(failure);
			});
		},
		pause: () => transfer?.pause(),
		pauseAt: (bytes) =>
			new Promise((resolve) => {
				transfer?.on("progress", ({ loaded }) => {
					if (loaded < bytes || transfer?.state !== "running") return;
					transfer.pause();
					resolve();
				});
			}),
		resume: () => transfer?.resume(),
		report: () => {
			if (!transfer) throw new Error("nothing was begun");
			return { progress: transfer.progress, state: transfer.state, error };
		},
		download: async (key) => {
			const hash = sha256.create();
			let bytes = 0;
			const hashing = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
				transform(chunk, out) {
					hash.update(chunk);
					bytes += chunk.length;
					out.enqueue(chunk);
				},
			});
			await client
				.download(key)
				.stream()
				.pipeThrough(hashing)
				.pipeTo(await openSink());
			return { sha256: hash.hex(), bytes };
		},
		drain: async (key) => {
			let bytes = 0;
			for await (const chunk of client.download(key)) bytes += chunk.length;
			return bytes;
		},
		noted: async () => (await sessions.list()).map(({ key }) => key),
	};
}

/** A file where there are files (the origin private file system takes a secure context), else nothing. */
async function openSink(): Promise<WritableStream<Uint8Array<ArrayBuffer>>> {
	if (!isSecureContext) return new WritableStream();
	const directory = await navigator.storage.getDirectory();
	return (await directory.getFileHandle("download", { create: true })).createWritable();
}

void start();
