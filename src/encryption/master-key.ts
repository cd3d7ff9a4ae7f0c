import { ClientError } from "../client/errors/errors.js";
import { hex, utf8 } from "../client/util/bytes.js";
import { KEY_BYTES } from "./frames.js";
import { hkdf, randomBytes } from "./subtle.js";

const ID_BYTES = 8;

/**
 * The secret from which all others are derived: 32 random bytes. If it and all its wrapped copies are lost, everything
 * that it sealed is lost.
 */
export class MasterKey {
	/** Identifies the key without revealing it: 16 hexadecimal digits. */
	readonly id: string;
	readonly #bytes: Uint8Array;

	private constructor(bytes: Uint8Array, id: string) {
		this.#bytes = bytes;
		this.id = id;
	}

	/** Takes 32 bytes, which must be uniformly random: not a password. @throws ClientError `encryption_unavailable` */
	static async of(bytes: Uint8Array): Promise<MasterKey> {
		if (!(bytes instanceof Uint8Array) || bytes.length !== KEY_BYTES)
			throw new ClientError("option_invalid", { option: "masterKey", reason: "a master key has 32 bytes" });
		const own = bytes.slice();
		return new MasterKey(own, hex(await hkdf(own, label("id"), ID_BYTES)));
	}

	/** Makes a random key. */
	static random(): Promise<MasterKey> {
		return MasterKey.of(randomBytes(KEY_BYTES));
	}

	/** The secret itself, for wrapping. Keep it out of logs, files and arguments. */
	get secret(): Uint8Array {
		return this.#bytes.slice();
	}

	/**
	 * A key for one purpose.
	 * @internal
	 */
	derive(purpose: string, bytes: number, context: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
		const named = label(purpose);
		const info = new Uint8Array(named.length + 1 + context.length);
		info.set(named);
		info.set(context, named.length + 1);
		return hkdf(this.#bytes, info, bytes);
	}
}

const label = (purpose: string): Uint8Array => utf8(`canister-blobs encryption 1 ${purpose}`);
