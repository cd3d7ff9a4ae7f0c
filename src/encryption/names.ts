import { aessiv } from "@noble/ciphers/aes.js";
import { text, utf8 } from "../client/util/bytes.js";
import { fromBase64Url, toBase64Url } from "./base64.js";

/** Marks sealed segments. Others seldom begin with it; opening shows whether a segment was sealed. */
const MARK = "~";

/**
 * Seals keys segment by segment, with AES-SIV and the plain path before a segment as associated data: equal keys seal
 * alike, so that they are found again; equal names in different directories seal differently.
 */
export class Names {
	readonly #key: Uint8Array;

	/** @param key 64 bytes */
	constructor(key: Uint8Array) {
		this.#key = key;
	}

	seal(key: string): string {
		let parent = "";
		return key
			.split("/")
			.map((segment) => {
				const sealed = segment === "" ? "" : MARK + toBase64Url(this.#siv(parent).encrypt(utf8(segment)));
				parent += `${segment}/`;
				return sealed;
			})
			.join("/");
	}

	/** Returns a key unchanged that it did not seal. */
	open(key: string): string {
		let parent = "";
		for (const segment of key.split("/")) {
			const opened = segment === "" ? "" : this.#open(parent, segment);
			if (opened === undefined) return key;
			parent += `${opened}/`;
		}
		return parent.slice(0, -1);
	}

	#open(parent: string, segment: string): string | undefined {
		const bytes = segment.startsWith(MARK) ? fromBase64Url(segment.slice(MARK.length)) : undefined;
		try {
			return bytes && text(this.#siv(parent).decrypt(bytes));
		} catch {
			return undefined;
		}
	}

	#siv(parent: string) {
		return aessiv(this.#key, utf8(parent));
	}
}
