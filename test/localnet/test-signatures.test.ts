/** `signatures: "test"`: cheap signatures that are verified as usual, and that only their own verifier accepts. */
import { Certificate } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import * as icp from "@icp-sdk/core/agent";
import { Principal as IcpPrincipal } from "@icp-sdk/core/principal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodePorts } from "../../src/client/node/ports.js";
import { CertificateVerifier, decodeCertificate } from "../../src/client/verification/certificate.js";
import { createNetwork, type Network, verifyTestSignature } from "../../src/localnet/index.js";
import { encode, post } from "./support/raw.js";

const CANISTER = Principal.fromText("7tjcv-pp777-77776-qaaaa-cai");

const networks: Network[] = [];
let cheap: Network;
let real: Network;
beforeAll(async () => {
	cheap = await open({ seed: "one", signatures: "test" });
	real = await open({ seed: "one" });
});
afterAll(() => Promise.all(networks.map((network) => network.dispose())));

async function open(options: Parameters<typeof createNetwork>[0]): Promise<Network> {
	const network = await createNetwork(options);
	networks.push(network);
	return network;
}

/** A certificate of the subnets' keys, with a delegation, in the form that both agents read. */
async function certificateOf({ url }: Network): Promise<Uint8Array> {
	const body = await encode({ content: { request_type: "read_state", paths: [[Buffer.from("subnet")]] } });
	const answer = await post(url, `/api/v2/canister/${CANISTER}/read_state`, body);
	return (answer.body as { certificate: Uint8Array }).certificate;
}

type Verify = typeof verifyTestSignature;
type Verifier = (certificate: Uint8Array, rootKey: Uint8Array, verify?: Verify) => Promise<unknown>;

const VERIFIERS: [string, Verifier][] = [
	[
		"@dfinity/agent",
		(certificate, rootKey, blsVerify) =>
			Certificate.create({ certificate, rootKey, canisterId: CANISTER, ...(blsVerify && { blsVerify }) }),
	],
	[
		"@icp-sdk/core",
		(certificate, rootKey, blsVerify) =>
			icp.Certificate.create({
				certificate,
				rootKey,
				principal: { canisterId: IcpPrincipal.fromText(CANISTER.toText()) },
				...(blsVerify && { blsVerify }),
			}),
	],
	[
		"the client",
		(certificate, rootKey, blsVerify) =>
			new CertificateVerifier().verify(decodeCertificate(certificate), {
				rootKey,
				canisterId: CANISTER.toUint8Array(),
				nowMs: Date.now(),
				ports: { ...nodePorts, ...(blsVerify && { blsVerify }) },
			}),
	],
];

describe.each(VERIFIERS)("%s", (_, verify) => {
	test("takes a certificate by the verifier of test signatures", async () => {
		await verify(await certificateOf(cheap), cheap.rootKey, verifyTestSignature);
	});

	test.each(["certificate-byte", "certificate-key"] as const)("refuses a forged one: %s", async (fault) => {
		using _ = cheap.faults.every(1, fault);
		const forged = await certificateOf(cheap);
		await expect(verify(forged, cheap.rootKey, verifyTestSignature)).rejects.toThrow(/[Ss]ignature/);
	});

	test("refuses it by BLS", async () => {
		await expect(verify(await certificateOf(cheap), cheap.rootKey)).rejects.toThrow();
	});

	test("refuses a real network's by the verifier of test signatures", async () => {
		const certificate = await certificateOf(real);
		await verify(certificate, real.rootKey);
		await expect(verify(certificate, real.rootKey, verifyTestSignature)).rejects.toThrow(/[Ss]ignature/);
		await expect(verify(certificate, cheap.rootKey, verifyTestSignature)).rejects.toThrow(/[Ss]ignature/);
	});
});

test("the root key has the form of BLS, is the seed's own, and says what it is", async () => {
	const again = await open({ seed: "one", signatures: "test" });
	const other = await open({ seed: "two", signatures: "test" });
	expect(again.rootKey).toEqual(cheap.rootKey);
	expect(other.rootKey).not.toEqual(cheap.rootKey);
	expect(cheap.rootKey).toHaveLength(real.rootKey.length);
	const der = real.rootKey.length - 96;
	expect(cheap.rootKey.subarray(0, der)).toEqual(real.rootKey.subarray(0, der));
	expect(Buffer.from(cheap.rootKey.subarray(der)).toString("latin1")).toMatch(
		/^TEST KEY, NOT A POINT OF BLS12-381/,
	);
});

test("a way to sign that is not known is refused", async () => {
	await expect(createNetwork({ signatures: "none" as "test" })).rejects.toThrow(
		new RangeError('signatures are made by "bls" or "test", not "none"'),
	);
});
