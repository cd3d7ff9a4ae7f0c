import { scryptAsync } from "@noble/hashes/scrypt";
import { utf8 } from "../../client/util/bytes.js";
import { own, randomBytes, subtle } from "../subtle.js";
import { KeyFileError } from "./errors.js";

/** How a passphrase wraps a key. */
export interface ScryptWrapping {
	/** Binary logarithm of scrypt's cost: 17 needs 128 MiB of memory. */
	readonly logN: number;
	readonly salt: Uint8Array;
	readonly wrapped: Uint8Array;
}

const DEFAULT_LOG_N = 17;
/** Below, a passphrase can be guessed too fast; above, the author of a file could exhaust its reader's memory. */
const [MIN_LOG_N, MAX_LOG_N] = [14, 20];
const SALT_BYTES = 32;
const [R, P] = [8, 1];

/** Whether the cost in a file, possibly from another author, is within bounds. */
export const isBounded = (logN: unknown): logN is number =>
	Number.isInteger(logN) && (logN as number) >= MIN_LOG_N && (logN as number) <= MAX_LOG_N;

/** A new salt makes a new key each time, so that its single nonce is used once. */
async function cipherOf(passphrase: string, { logN, salt }: Omit<ScryptWrapping, "wrapped">, bound: string) {
	const text = utf8(passphrase.normalize("NFC"));
	const key = await scryptAsync(text, salt, { N: 2 ** logN, r: R, p: P, dkLen: 32 });
	const algorithm = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: own(utf8(bound)) };
	return {
		algorithm,
		key: await subtle().importKey("raw", own(key), "AES-GCM", false, ["encrypt", "decrypt"]),
	};
}

/** Wraps a key for a passphrase. @param bound associated data, required again to open it */
export async function wrapForPassphrase(
	passphrase: string,
	key: Uint8Array,
	bound: string,
	logN = DEFAULT_LOG_N,
): Promise<ScryptWrapping> {
	if (passphrase === "")
		throw new KeyFileError("key_secret_invalid", { reason: "A passphrase must not be empty" });
	const salt = randomBytes(SALT_BYTES);
	const { algorithm, key: by } = await cipherOf(passphrase, { logN, salt }, bound);
	return { logN, salt, wrapped: new Uint8Array(await subtle().encrypt(algorithm, by, own(key))) };
}

/** The key; undefined if the passphrase does not open it. */
export async function unwrapByPassphrase(
	passphrase: string,
	wrapping: ScryptWrapping,
	bound: string,
): Promise<Uint8Array | undefined> {
	const { algorithm, key } = await cipherOf(passphrase, wrapping, bound);
	try {
		return new Uint8Array(await subtle().decrypt(algorithm, key, own(wrapping.wrapped)));
	} catch {
		return undefined;
	}
}
