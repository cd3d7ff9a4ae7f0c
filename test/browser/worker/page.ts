import { HttpAgent } from "@dfinity/agent";
import { DelegationChain, DelegationIdentity, Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "canister-blobs";
import { BlobUrls } from "canister-blobs/service-worker";

/** A page that a test controls through its `lab`. */

export interface Lab {
	readonly blobs: BlobUrls;
	identity(json: string, isDelegated: boolean): Promise<Ed25519KeyIdentity | DelegationIdentity>;
	/** Bytes of an answer in hexadecimal, and what else it says; what failed instead. */
	ask(url: string, init?: Init): Promise<Asked>;
	/** The width of a picture, 0 where it cannot be shown. */
	width(url: string): Promise<number>;
	/** What a blob's URL is where no worker answers. */
	without(key: string, gateway?: string): Promise<{ via: string; url: string; type: string }>;
}

export interface Init {
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly sha256: string;
	readonly length: number;
	readonly error: string | undefined;
}

declare global {
	interface Window {
		lab: Lab;
	}
}

const { searchParams } = new URL(location.href);
const canisterId = searchParams.get("canister")!;
const agent = HttpAgent.createSync({ host: searchParams.get("host")! });
const ports = { blsVerify: async () => true };
const client = new BlobClient({ agent, canisterId, localNetwork: true, ports });

if (searchParams.has("worker")) await navigator.serviceWorker.register(`sw.js${location.search}`);

window.lab = {
	blobs: new BlobUrls({ client, canisterId }),
	identity: async (json, isDelegated) => {
		const key = Ed25519KeyIdentity.fromJSON(json);
		if (!isDelegated) return key;
		const session = Ed25519KeyIdentity.generate();
		const chain = await DelegationChain.create(key, session.getPublicKey());
		return DelegationIdentity.fromDelegation(session, chain);
	},
	ask: async (url, init) => {
		let error: string | undefined;
		const failed = (why: unknown) => {
			error = String(why);
			return undefined;
		};
		const response = await fetch(url, init).catch(failed);
		const bytes = new Uint8Array((await response?.arrayBuffer().catch(failed)) ?? new ArrayBuffer(0));
		const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
		return {
			status: response?.status ?? 0,
			headers: Object.fromEntries(response?.headers ?? []),
			sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
			length: bytes.length,
			error,
		};
	},
	width: (url) =>
		new Promise((resolve) => {
			const image = new Image();
			image.onload = () => resolve(image.naturalWidth);
			image.onerror = () => resolve(0);
			image.src = url;
		}),
	without: async (key, gateway) => {
		const blobs = new BlobUrls({ client, canisterId, waitMs: 100, ...(gateway && { gateway }) });
		const { url, via } = await blobs.blobUrl(key);
		const type = via === "object" ? (await (await fetch(url)).blob()).type : "";
		return { url, via, type };
	},
};
