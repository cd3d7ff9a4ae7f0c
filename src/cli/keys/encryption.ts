import { readFile } from "node:fs/promises";
import { Encryption, KeyFile } from "../../encryption/index.js";
import { UsageError } from "../command.js";
import type { KeyValues } from "./options.js";
import { keySecretsFrom } from "./secrets.js";

/** Encryption for opening blobs; undefined without a key file. */
export async function encryptionOf(values: KeyValues): Promise<Encryption | undefined> {
	const paths = values["key-file"] ?? [];
	if (paths.length === 0) {
		if (values["encrypted-names"]) throw new UsageError("--encrypted-names needs --key-file");
		return undefined;
	}
	const files = await Promise.all(paths.map(keyFileAt));
	const secrets = await keySecretsFrom(values, "Passphrase of the key");
	const keys = [];
	for (const file of files) keys.push(await file.open(secrets));
	const [masterKey, ...olderKeys] = keys;
	if (masterKey === undefined) return undefined;
	return Encryption.of({ masterKey, olderKeys, names: values["encrypted-names"] });
}

/** The key file at a path. */
export async function keyFileAt(path: string): Promise<KeyFile> {
	let text: string;
	try {
		text = await readFile(path, "utf8");
	} catch (error) {
		throw new UsageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`);
	}
	return KeyFile.parse(text);
}
