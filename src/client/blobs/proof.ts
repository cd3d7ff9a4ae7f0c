import {
	isPublic,
	MANIFEST_LABEL,
	PRIVATE_LABEL,
	privateLabelPreimage,
	privateManifestPath,
	publicManifestPath,
	sameBytes,
	type WireExpired,
	type WireManifest,
	type WireProof,
	type WireStatAnswer,
} from "../../protocol/index.js";
import { isAnonymous } from "../call/agent.js";
import type { ClientContext } from "../context.js";
import { ClientError } from "../errors/errors.js";
import { readManifest } from "../manifest.js";
import {
	branches,
	decodeHashTree,
	type Found,
	find,
	type HashTree,
	lookup,
	reconstruct,
	subtree,
} from "../verification/hash-tree.js";
import { publicRoot } from "./public-root.js";
import { knownStanding } from "./standing.js";

/** Whether an answer is proven; one that is not may be right all the same, and is to be asked of the subnet. */
export type Verdict = "proven" | "unproven";

/** What a witness shows, and when that was. */
export interface Shown {
	readonly tree: HashTree;
	/** By the certificate: milliseconds since 1970. What is over by then is not there. */
	readonly ms: number;
}

/**
 * The tree that a witness shows, certified by the subnet; undefined where the answer brought no proof along.
 * @throws ClientError `certificate_invalid`, `certificate_stale`, `witness_invalid`
 */
export async function certifiedTree(context: ClientContext, proof: WireProof): Promise<Shown | undefined> {
	const [certificate] = proof.certificate;
	const [witness] = proof.witness;
	if (certificate === undefined || witness === undefined) return undefined;
	const { data, ms } = await context.trust.certified(certificate);
	let root: Uint8Array;
	let tree: HashTree;
	try {
		tree = decodeHashTree(witness);
		root = await reconstruct(tree, context.settings.ports.sha256);
	} catch (error) {
		throw witnessInvalid("it cannot be read", error);
	}
	if (!sameBytes(root, data)) throw witnessInvalid("its root is not what the subnet certifies");
	return { tree, ms };
}

/** What brings an answer's proof along: the answer, or what in it is over. */
export const proofIn = (answer: WireProof & { expired: [] | [WireExpired] }): WireProof => {
	const [expired] = answer.expired;
	return expired === undefined ? answer : { certificate: [expired.certificate], witness: [expired.witness] };
};

/** Whether a blob was over at a time. Ends are whole milliseconds. */
export const isOverAt = ({ expires_at: [end] }: WireManifest, ms: number): boolean =>
	end !== undefined && end <= BigInt(ms) * 1_000_000n;

/** What an answer proves: the manifest that the key holds, or, without one, that it holds nothing. */
export interface ProvenStat {
	readonly verdict: Verdict;
	readonly manifest: Uint8Array | undefined;
}

/**
 * Whether the answer of a stat is proven by what it brings along. What is over by the certificate's own time is not there,
 * whatever the node says of it; and what is not over by then is, since that is the state which is proven.
 * @throws ClientError `certificate_invalid`, `certificate_stale`, `witness_invalid`, `manifest_corrupt` where it is
 *   disproved
 */
export async function verifyStat(
	context: ClientContext,
	key: string,
	answer: WireStatAnswer,
): Promise<ProvenStat> {
	const bytes = answer.manifest[0] ?? answer.expired[0]?.manifests[0];
	const shown = await certifiedTree(context, proofIn(answer));
	if (shown === undefined) return { verdict: "unproven", manifest: bytes };
	const { tree } = shown;
	if (bytes === undefined) return { verdict: await verifyAbsence(context, key, tree), manifest: undefined };
	const manifest = readManifest(bytes);
	if (manifest.key !== key) throw corrupt(key, "it names another key");
	// Of the bytes as they came, whose parts this client need not all know.
	const hash = await context.settings.ports.sha256(bytes);
	const verdict = isPublic(manifest)
		? verifyPublic(manifest, hash, tree)
		: verifyPrivate(manifest, hash, tree);
	return { verdict, manifest: isOverAt(manifest, shown.ms) ? undefined : bytes };
}

/**
 * A public manifest. What is shown binds its key, so that it is right also where the tree does not say whether keys stand
 * elsewhere; what is absent is not there only if it does.
 */
const findPublic = (tree: HashTree, key: string): Found =>
	find(tree, publicManifestPath(key, publicRoot(tree)));

function verifyPublic({ key }: WireManifest, hash: Uint8Array, tree: HashTree): Verdict {
	const found = findPublic(tree, key);
	if (found.kind === "hidden") throw witnessInvalid("it does not show the key's place");
	if (found.kind === "absent") throw corrupt(key, "the key holds nothing public");
	if (!sameBytes(found.value, hash)) throw corrupt(key, "its hash is another");
	return "proven";
}

/**
 * That a private manifest stands anywhere under `private` is enough: the tree holds only what is now published, and a
 * manifest names its key. So a reader needs no other's salt.
 */
function verifyPrivate({ key }: WireManifest, hash: Uint8Array, tree: HashTree): Verdict {
	if (findPublic(tree, key).kind === "value") throw corrupt(key, "the key's blob is public");
	const shown = [...manifestsUnder(subtree(tree, [PRIVATE_LABEL]))];
	if (shown.length === 0) return "unproven";
	if (!shown.some((value) => sameBytes(value, hash))) throw corrupt(key, "its hash is another");
	return "proven";
}

function* manifestsUnder(tree: HashTree | undefined): Generator<Uint8Array> {
	for (const branch of tree ? branches(tree) : []) {
		const value = branch[0] === 2 && lookup(branch[2], [MANIFEST_LABEL]);
		if (value) yield value;
	}
}

/**
 * That a key holds nothing that the caller may read: nothing public, and nothing private of the caller's own, whose
 * salt must be known from the subnet (a node that names another salt could prove any absence). What others keep
 * private cannot be proven absent to those who may read it.
 */
async function verifyAbsence(context: ClientContext, key: string, tree: HashTree): Promise<Verdict> {
	const found = findPublic(tree, key);
	if (found.kind === "value") throw corrupt(key, "the key holds a public blob, and the answer says nothing");
	if (found.kind === "hidden" || publicRoot(tree) === undefined) return "unproven";
	const caller = await context.trust.principal();
	if (isAnonymous(caller)) return "proven";
	const standing = knownStanding(context);
	if (standing === undefined || standing.rights.readsAll) return "unproven";
	if (standing.salt === undefined) return "proven";
	// Who acts for another reads what that one owns.
	const owner = standing.rights.who.toUint8Array();
	const label = await context.settings.ports.sha256(privateLabelPreimage(standing.salt, owner, key));
	const own = find(tree, privateManifestPath(label));
	if (own.kind === "value")
		throw corrupt(key, "the key holds a blob of the caller's, and the answer says nothing");
	return own.kind === "absent" ? "proven" : "unproven";
}

const witnessInvalid = (reason: string, cause?: unknown) =>
	new ClientError("witness_invalid", { reason }, cause);
const corrupt = (key: string, reason: string) => new ClientError("manifest_corrupt", { key, reason });
