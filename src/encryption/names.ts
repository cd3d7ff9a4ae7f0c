import { aessiv } from "@noble/ciphers/aes.js";
import { text, utf8 } from "../client/util/bytes.js";
import { fromBase64Url, toBase64Url } from "./base64.js";

/** No segment that was not sealed is likely to begin so; whether one was sealed shows when it is opened. */
const MARK = "~";

/**
 * Seals keys segment by segment, by AES-SIV with the plain path before a segment as associated data: the same key is always
 * sealed alike, so that it is found again; equal names in other directories look different.
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

	/** A key that was not sealed by this is left as it is. */
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
