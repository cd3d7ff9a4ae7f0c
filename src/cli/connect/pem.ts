import { createPrivateKey, type KeyObject } from "node:crypto";
import { UsageError } from "../command.js";
import { openPbes2, UnknownForm } from "./pbes2.js";

/**
 * Private keys in PEM, in all formats of dfx, icp and OpenSSL: PKCS#8 and SEC1, with and without the block of curve
 * parameters, with and without a password.
 */

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
const PRIVATE = /PRIVATE KEY$/;

/**
 * @param where name of the key in messages; never the key itself
 * @param password called only if the key is protected
 * @throws {UsageError}
 */
export async function readKey(
	pem: string,
	where: string,
	password: () => Promise<string>,
): Promise<KeyObject> {
	const blocks = [...pem.matchAll(BLOCK)].filter(([, kind]) => PRIVATE.test(kind!));
	const [block, second] = blocks;
	if (block === undefined) throw new UsageError(`${where} holds no private key in PEM`);
	if (second !== undefined) throw new UsageError(`${where} holds more than one private key`);
	const [text, kind, base64] = block;
	let isProtected = false;
	const asked = () => {
		isProtected = true;
		return password();
	};
	try {
		if (kind !== "ENCRYPTED PRIVATE KEY")
			return createPrivateKey({ key: text, ...(await opening(text, asked)) });
		const secret = await asked();
		const opened = await openPbes2(Buffer.from(base64!, "base64"), secret).catch((error) => {
			// Another derivation than icp's, such as OpenSSL's PBKDF2, which node:crypto supports.
			if (error instanceof UnknownForm) return null;
			throw error;
		});
		if (opened === undefined) throw new UsageError(`the password of ${where} is wrong`);
		return opened === null
			? createPrivateKey({ key: text, passphrase: secret })
			: createPrivateKey({ key: opened, format: "der", type: "pkcs8" });
	} catch (cause) {
		if (cause instanceof UsageError) throw cause;
		// OpenSSL's own messages name its functions.
		throw new UsageError(
			isProtected
				? `${where} cannot be opened: the password is wrong, or it is protected in a way that Node cannot open`
				: `${where} holds no private key that can be read: it is damaged, or of a kind that Node does not know`,
			{ cause },
		);
	}
}

/** Old PEM declares its encryption in headers. */
const opening = async (text: string, password: () => Promise<string>) =>
	/^Proc-Type: 4,ENCRYPTED/m.test(text) ? { passphrase: await password() } : {};
