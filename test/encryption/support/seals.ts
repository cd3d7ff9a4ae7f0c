import { createHash } from "node:crypto";
import { vi } from "vitest";

/** A frame that was sealed: under which key and nonce, and what. */
export interface Seal {
	readonly key: string;
	readonly nonce: string;
	readonly plaintext: string;
}

export interface Seals {
	readonly all: readonly Seal[];
	/** Pairs of key and nonce that sealed more than one plaintext: there must be none. */
	repeated(): string[];
	stop(): void;
}

const hexOf = (bytes: BufferSource): string =>
	(ArrayBuffer.isView(bytes)
		? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
		: Buffer.from(bytes)
	).toString("hex");

/** Records every key, nonce and hash of a plaintext that WebCrypto seals by AES-GCM, whoever asks it to. */
export function recordSeals(): Seals {
	const { subtle } = globalThis.crypto;
	const all: Seal[] = [];
	const keys = new WeakMap<CryptoKey, string>();
	const importKey = subtle.importKey.bind(subtle) as (...args: unknown[]) => Promise<CryptoKey>;
	const encrypt = subtle.encrypt.bind(subtle);
	const spies = [
		vi.spyOn(subtle, "importKey").mockImplementation((async (
			format: string,
			bytes: BufferSource,
			...rest: unknown[]
		) => {
			const key = await importKey(format, bytes, ...rest);
			if (format === "raw") keys.set(key, hexOf(bytes));
			return key;
		}) as never),
		vi.spyOn(subtle, "encrypt").mockImplementation((async (
			algorithm: AesGcmParams,
			key: CryptoKey,
			data: BufferSource,
		) => {
			const bytes = Buffer.from(hexOf(data), "hex");
			all.push({
				key: keys.get(key) ?? "unknown",
				nonce: hexOf(algorithm.iv),
				plaintext: createHash("sha256").update(bytes).digest("hex"),
			});
			return encrypt(algorithm, key, bytes);
		}) as never),
	];
	return {
		all,
		repeated: () => {
			const first = new Map<string, string>();
			const repeated = new Set<string>();
			for (const { key, nonce, plaintext } of all) {
				const pair = `${key} ${nonce}`;
				const before = first.get(pair);
				if (before === undefined) first.set(pair, plaintext);
				else if (before !== plaintext) repeated.add(pair);
			}
			return [...repeated];
		},
		stop: () => {
			for (const spy of spies) spy.mockRestore();
		},
	};
}
