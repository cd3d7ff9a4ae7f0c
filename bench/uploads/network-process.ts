import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { HttpAgent, type Identity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import type { Conditions } from "canister-blobs/localnet";
import { BlobClient } from "canister-blobs/node";
import { deployCanister } from "../../examples/support/deploy.js";

/** Line written for each block. */
export interface Block {
	readonly height: number;
	readonly ingressBytes: number;
	readonly ingress: readonly { readonly canister: string; readonly method: string; readonly bytes: number }[];
}

/** A local network in a process of its own, so that its work does not count for the client. */
export class NetworkProcess {
	readonly url: string;
	readonly rootKey: Uint8Array;
	readonly #child: ChildProcess;
	readonly #blocks: string;

	private constructor(child: ChildProcess, url: string, rootKey: Uint8Array, blocks: string) {
		this.#child = child;
		this.url = url;
		this.rootKey = rootKey;
		this.#blocks = blocks;
	}

	/** @param directory for its files */
	static async start(directory: string, conditions: Conditions = {}): Promise<NetworkProcess> {
		const blocks = join(directory, `blocks-${process.hrtime.bigint()}.jsonl`);
		const main = join(import.meta.dirname, "network-main.ts");
		const args = ["--import", "tsx", main, JSON.stringify(conditions), blocks];
		const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
		let url = "";
		for await (const line of createInterface({ input: child.stdout! })) {
			const [, name, value] = /^(url|root key): (.*)$/.exec(line) ?? [];
			if (name === "url") url = value!;
			if (name === "root key") return new NetworkProcess(child, url, Buffer.from(value!, "hex"), blocks);
		}
		throw new Error("the network ended before it began");
	}

	async blocks(): Promise<Block[]> {
		return (await readFile(this.#blocks, "utf8"))
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line));
	}

	agent(identity: Identity): Promise<HttpAgent> {
		return HttpAgent.create({ host: this.url, rootKey: this.rootKey, identity });
	}

	/** A store on this network, and a client with the right to write. */
	async store(wasm: Uint8Array): Promise<{ client: BlobClient; agent: HttpAgent; canisterId: Principal }> {
		const agent = await this.agent(Ed25519KeyIdentity.generate());
		const canisterId = Principal.fromText((await deployCanister(agent, wasm)).toText());
		const client = new BlobClient({ agent, canisterId });
		await client.admin.grantRole(await agent.getPrincipal(), "writer");
		return { client, agent, canisterId };
	}

	async stop(): Promise<void> {
		const ended = new Promise((resolve) => this.#child.once("exit", resolve));
		this.#child.kill("SIGTERM");
		await ended;
	}
}
