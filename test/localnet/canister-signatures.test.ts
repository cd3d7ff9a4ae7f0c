/** Canister signatures: a canister issues delegations, as identity providers do, and agents act by them. */
import { Cbor } from "@dfinity/agent";
import { Delegation, DelegationChain, DelegationIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network, type Signatures } from "../../src/localnet/index.js";
import { sha256 } from "../support/published.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, testIdentity } from "./support/deploy.js";
import { canister } from "./support/wat.js";

/** Certifies what it is told, and shows the certificate; tells who calls. */
const ISSUER = `(func (export "canister_update certify")
		(call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 32))
		(call $certified_data_set (i32.const 0) (i32.const 32))
		(call $msg_reply))
	(func (export "canister_query certificate")
		(call $data_certificate_copy (i32.const 0) (i32.const 0) (call $data_certificate_size))
		(call $msg_reply_data_append (i32.const 0) (call $data_certificate_size))
		(call $msg_reply))
	(func (export "canister_update whoami")
		(call $msg_caller_copy (i32.const 0) (i32.const 0) (call $msg_caller_size))
		(call $msg_reply_data_append (i32.const 0) (call $msg_caller_size))
		(call $msg_reply))`;

const session = testIdentity(5);
const SEED = Buffer.from("a user of the provider");
const separated = (name: string, ...parts: Uint8Array[]) =>
	Buffer.concat([Uint8Array.of(name.length), Buffer.from(name), ...parts]);

const der = (tag: number, content: Uint8Array) =>
	Buffer.concat([Uint8Array.of(tag, content.length), content]);
const keyOf = (issuer: Principal, seed: Uint8Array) => {
	const id = issuer.toUint8Array();
	const bits = Buffer.concat([Uint8Array.of(0, id.length), id, seed]);
	const algorithm = Buffer.from("300c060a2b0601040183b8430102", "hex");
	return new Uint8Array(der(0x30, Buffer.concat([algorithm, der(3, bits)])));
};

/** `sig / SHA-256(seed) / SHA-256(message)`, an empty leaf; and its root hash. */
function signatureTree(seed: Uint8Array, message: Uint8Array) {
	const labels = [Buffer.from("sig"), sha256(seed), sha256(message)].map((label) => new Uint8Array(label));
	const tree = labels.reduceRight<unknown>((below, label) => [2, label, below], [3, new Uint8Array(0)]);
	const hash = labels.reduceRight(
		(below, label) => sha256(separated("ic-hashtree-labeled", label, below)),
		sha256(separated("ic-hashtree-leaf")),
	);
	return { tree, hash };
}

describe.each<Signatures>(["bls", "test"])(
	"signatures by a canister, of a network that signs with %s",
	(signatures) => {
		let network: Network;
		let issuer: Principal;

		beforeAll(async () => {
			network = await createNetwork({ signatures });
			issuer = Principal.fromText(await network.install(canister(ISSUER)));
		});

		afterAll(() => network.dispose());

		const expiry = BigInt(Date.now() + 600_000) * 1_000_000n;
		const toSession = () => new Delegation(session.getPublicKey().toDer(), expiry);

		/** What the provider signs of a delegation, through the real calls. */
		async function issue(seed: Uint8Array, signed = toSession()): Promise<Uint8Array> {
			const { requestIdOf } = await import("@dfinity/agent");
			const { pubkey, expiration } = signed;
			const message = separated("ic-request-auth-delegation", requestIdOf({ pubkey, expiration }));
			const { tree, hash } = signatureTree(seed, message);
			const agent = await agentFor(network);
			await callCanister(agent, issuer, "certify", hash);
			const certificate = new Uint8Array(await queryCanister(agent, issuer, "certificate"));
			return Cbor.encode({ certificate, tree });
		}
		const whoami = async (signature: Uint8Array, seed: Uint8Array = SEED) => {
			const key = keyOf(issuer, seed);
			const chain = DelegationChain.fromDelegations(
				[{ delegation: toSession(), signature: signature as never }],
				key as never,
			);
			const agent = await agentFor(network, DelegationIdentity.fromDelegation(session, chain));
			const caller = await callCanister(agent, issuer, "whoami");
			expect(Buffer.from(caller)).toEqual(Buffer.from(Principal.selfAuthenticating(key).toUint8Array()));
		};

		test("let the session act for the provider's user", async () => {
			await whoami(await issue(SEED));
		});

		test("of another message, another user, another tree or with a byte changed are refused", async () => {
			const other = new Delegation(session.getPublicKey().toDer(), expiry + 1n);
			await expect(whoami(await issue(SEED, other))).rejects.toThrow("tree does not have the message");
			await expect(whoami(await issue(Buffer.from("somebody else")))).rejects.toThrow(
				"tree does not have the message",
			);
			const right = Cbor.decode<{ certificate: Uint8Array; tree: unknown }>(await issue(SEED));
			const stale = Cbor.decode<{ certificate: Uint8Array }>(await issue(Buffer.from("somebody else")));
			await expect(whoami(Cbor.encode({ certificate: stale.certificate, tree: right.tree }))).rejects.toThrow(
				"does not certify the signature's tree",
			);
			const certificate = Uint8Array.from(right.certificate);
			const at = Buffer.from(certificate).indexOf("certified_data") + 20;
			certificate[at]! ^= 1;
			await expect(whoami(Cbor.encode({ certificate, tree: right.tree }))).rejects.toThrow(
				"the subnet has not signed the certificate",
			);
			await expect(whoami(Uint8Array.of(1, 2, 3))).rejects.toThrow("it is malformed");
		});
	},
);
