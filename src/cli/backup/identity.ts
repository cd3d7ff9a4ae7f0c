import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type DerEncodedPublicKey, type PublicKey, type Signature, SignIdentity } from "@dfinity/agent";

/** An identity that signs by an Ed25519 key in a file. */
export class FileIdentity extends SignIdentity {
	readonly #key: KeyObject;
	readonly #der: DerEncodedPublicKey;

	private constructor(key: KeyObject) {
		super();
		this.#key = key;
		const der = createPublicKey(key).export({ type: "spki", format: "der" });
		this.#der = new Uint8Array(der) as DerEncodedPublicKey;
	}

	/** Only the path of a key ever stands on a command line, which every user of a machine can read. */
	static async read(path: string): Promise<FileIdentity> {
		const key = createPrivateKey(await readFile(path));
		if (key.asymmetricKeyType !== "ed25519")
			throw new Error(
				`${path} holds a key of type ${key.asymmetricKeyType}, and an Ed25519 key is wanted: ` +
					"openssl genpkey -algorithm ed25519 -out key.pem makes one.",
			);
		return new FileIdentity(key);
	}

	override getPublicKey(): PublicKey {
		return { toDer: () => this.#der };
	}

	override async sign(bytes: Uint8Array): Promise<Signature> {
		return new Uint8Array(sign(null, bytes, this.#key)) as Signature;
	}
}
