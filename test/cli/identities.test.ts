import { execFileSync } from "node:child_process";
import { verify } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identityOf } from "../../src/cli/connect/identities.js";
import { COMMAND } from "../support/command.js";
import { withEnvironment } from "../support/environment.js";

/** Private keys as OpenSSL, icp and dfx write them, by path and by name. */

const ICP_HOME = join(import.meta.dirname, "icp");
/** What icp-cli 1.5.0 says of the identities in ./icp, which it made: `icp identity principal --identity ann`. */
const ANN = "v5fih-scvgv-kmst7-co5wb-i5abb-m63nv-sjnia-j3m64-j456e-h3cj6-vqe";
const BOB = "fczzf-w4co3-qua4k-qpvo3-rqr4j-vdzy6-rw5au-b232u-keea2-g4boq-5qe";
const BOBS_PASSWORD = "secret12";

let folder: string;
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
const read = (identity: string, passwordFile?: string) =>
	identityOf({
		identity,
		local: false,
		...(passwordFile !== undefined && { "identity-password-file": passwordFile }),
	});

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-keys-"));
	await writeFile(at("password"), `${BOBS_PASSWORD}\n`);
	await writeFile(at("wrong"), "something else\n");
	openssl("genpkey", "-algorithm", "ed25519", "-out", "ed25519");
	for (const curve of ["secp256k1", "prime256v1"]) {
		openssl("ecparam", "-name", curve, "-genkey", "-out", `${curve}-parameters`);
		openssl("ec", "-in", `${curve}-parameters`, "-out", `${curve}-sec1`);
		openssl("pkcs8", "-topk8", "-nocrypt", "-in", `${curve}-sec1`, "-out", `${curve}-pkcs8`);
		openssl("ec", "-in", `${curve}-sec1`, "-conv_form", "compressed", "-out", `${curve}-compressed`);
		openssl(
			"ec",
			"-in",
			`${curve}-sec1`,
			"-aes128",
			"-passout",
			`pass:${BOBS_PASSWORD}`,
			"-out",
			`${curve}-old`,
		);
	}
	const topk8 = ["pkcs8", "-topk8", "-in", "secp256k1-sec1", "-passout", `pass:${BOBS_PASSWORD}`];
	openssl(...topk8, "-v2", "aes256", "-out", "secp256k1-pbkdf2");
	// icp's parameters take more memory than OpenSSL allows itself: bob's key, below, is of that kind.
	openssl(...topk8, "-v2", "aes256", "-scrypt", "-out", "secp256k1-scrypt");
});
afterAll(() => rm(folder, { recursive: true }));

describe("keys in PEM", () => {
	test.each(["secp256k1", "prime256v1"])(
		"%s: one principal in every form that OpenSSL writes",
		async (curve) => {
			const forms = ["parameters", "sec1", "pkcs8", "compressed"];
			const principals = await Promise.all(
				forms.map(async (form) => (await read(at(`${curve}-${form}`)))!.getPrincipal().toText()),
			);
			expect(new Set(principals).size).toBe(1);
			expect((await read(at(`${curve}-old`), at("password")))!.getPrincipal().toText()).toBe(principals[0]);
		},
	);

	test.each(["secp256k1-pbkdf2", "secp256k1-scrypt"])("%s: opened by its password alone", async (name) => {
		const [opened, plain] = [await read(at(name), at("password")), await read(at("secp256k1-sec1"))];
		expect(opened!.getPrincipal().toText()).toBe(plain!.getPrincipal().toText());
		await expect(read(at(name), at("wrong"))).rejects.toThrow(
			/^(?!.*(?:error:|routines)).*password.* is wrong/,
		);
		await expect(read(at(name))).rejects.toThrow(/protected by a password: give --identity-password-file/);
	});

	test("what they sign verifies by the key that they show; of secp256k1 in the lower half", async () => {
		const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
		for (const name of ["ed25519", "secp256k1-sec1", "prime256v1-sec1"]) {
			const identity = (await read(at(name)))!;
			const key = { key: Buffer.from(identity.getPublicKey().toDer()), format: "der", type: "spki" } as const;
			for (let i = 0; i < 16; i++) {
				const message = Buffer.from(`message ${i}`);
				const signature = await identity.sign(message);
				const algorithm = name === "ed25519" ? null : "sha256";
				expect(verify(algorithm, message, { ...key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
				if (name === "secp256k1-sec1")
					expect(BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`)).toBeLessThanOrEqual(
						half,
					);
			}
		}
	});

	test("what is no key of a kind that the Internet Computer takes is told as it is", async () => {
		openssl("genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "rsa");
		openssl("ecparam", "-name", "secp384r1", "-genkey", "-out", "p384");
		openssl("ecparam", "-name", "secp224r1", "-genkey", "-out", "p224");
		openssl(
			"genpkey",
			"-genparam",
			"-algorithm",
			"DSA",
			"-pkeyopt",
			"dsa_paramgen_bits:1024",
			"-out",
			"dsa.par",
		);
		openssl("genpkey", "-paramfile", "dsa.par", "-out", "dsa");
		await writeFile(at("text"), "no key\n");
		await writeFile(
			at("two"),
			`${await readFile(at("ed25519"), "utf8")}${await readFile(at("secp256k1-sec1"), "utf8")}`,
		);
		await writeFile(at("damaged"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
		await expect(read(at("rsa"))).rejects.toThrow(/of the kind rsa;.*Ed25519, secp256k1 and P-256/);
		await expect(read(at("p384"))).rejects.toThrow(/P-384.*Ed25519, secp256k1 and P-256/);
		await expect(read(at("p224"))).rejects.toThrow(/kind ec \(secp224r1\).*Ed25519, secp256k1 and P-256/);
		await expect(read(at("dsa"))).rejects.toThrow(/of the kind dsa;.*Ed25519, secp256k1 and P-256/);
		await expect(read(at("text"))).rejects.toThrow(/text holds no private key in PEM/);
		await expect(read(at("two"))).rejects.toThrow(/two holds more than one private key/);
		await expect(read(at("damaged"))).rejects.toThrow(/damaged holds no private key that can be read/);
	});
});

describe("by name", () => {
	const ofIcp = <T>(run: () => Promise<T>, more = {}) => withEnvironment({ ICP_HOME, ...more }, run);

	test("icp's, plain and protected: the principals that icp itself shows", async () => {
		expect((await ofIcp(() => read("ann")))!.getPrincipal().toText()).toBe(ANN);
		expect((await ofIcp(() => read("bob", at("password"))))!.getPrincipal().toText()).toBe(BOB);
		const named = { CANISTER_BLOBS_IDENTITY: "bob", CANISTER_BLOBS_IDENTITY_PASSWORD: BOBS_PASSWORD };
		expect((await ofIcp(() => identityOf({ local: false }), named))!.getPrincipal().toText()).toBe(BOB);
		await expect(ofIcp(() => read("bob", at("wrong")))).rejects.toThrow(/password of .*bob\.pem is wrong/);
	});

	test("a folder of the same name hides no identity", async () => {
		await mkdir(at("ann"), { recursive: true });
		const env = { ...process.env, ICP_HOME };
		const shown = execFileSync(process.execPath, [COMMAND, "whoami", "-i", "ann"], { cwd: folder, env });
		expect(shown.toString().trim()).toBe(ANN);
	});

	test("one in a keyring: names the command that writes it into a file", async () => {
		await expect(ofIcp(() => read("ring"))).rejects.toThrow("icp identity export ring > ring.pem");
	});

	test("dfx's; one that it keeps encrypted names the command, too", async () => {
		const ofDfx = <T>(run: () => Promise<T>) =>
			withEnvironment({ ICP_HOME: at("none"), DFX_CONFIG_ROOT: folder }, run);
		for (const name of ["plain", "sealed"])
			await mkdir(at(`.config/dfx/identity/${name}`), { recursive: true });
		await writeFile(
			at(".config/dfx/identity/plain/identity.pem"),
			await readFile(at("secp256k1-parameters")),
		);
		await writeFile(at(".config/dfx/identity/sealed/identity.pem.encrypted"), "of dfx's own kind");
		const plain = (await read(at("secp256k1-sec1")))!.getPrincipal().toText();
		expect((await ofDfx(() => read("plain")))!.getPrincipal().toText()).toBe(plain);
		await expect(ofDfx(() => read("sealed"))).rejects.toThrow("dfx identity export sealed > sealed.pem");
		await expect(ofDfx(() => read("nobody-knows"))).rejects.toThrow(
			/no file nobody-knows, and no identity of this name/,
		);
	});

	test("nobody: where none is named, and by the name that icp and dfx have for it", async () => {
		expect(await identityOf({ local: false })).toBeUndefined();
		expect(await read("anonymous")).toBeUndefined();
	});
});
