import { checkKey, sameBytes, type WireStatAnswer } from "../../protocol/index.js";
import { isAnonymous } from "../call/agent.js";
import { askCertified, type ClientContext, leastVersion, noteVersion } from "../context.js";
import { type Claim, claimOf, claimOfNode } from "../download/claim.js";
import { CanisterError, refuseInvalid } from "../errors/errors.js";
import { readManifest, toManifest } from "../manifest.js";
import type { BlobRef, Manifest, TrustLevel, Version } from "../types.js";
import { stopwatch } from "../util/stopwatch.js";
import { fromVersion, optional } from "../wire-map.js";
import { provenByNode } from "./one-node.js";
import { type ProvenStat, verifyStat } from "./proof.js";
import { askRights, knownStanding, noteStanding } from "./standing.js";

/** Whose word is taken for what a key holds. */
export interface StatOptions {
	/** On whose word the answer stands. @default "proof" */
	trust?: TrustLevel | undefined;
	/** Answer only from a state that has seen this change. Default: the latest that this client has made or seen. */
	minVersion?: Version | undefined;
	/** Aborts the asking. */
	signal?: AbortSignal | undefined;
}

/** @param onClaim told what one node says that the key holds, before that is proven */
export async function stat(
	context: ClientContext,
	key: string,
	options: StatOptions = {},
	onClaim?: (claim: Claim) => void,
): Promise<Manifest> {
	refuseInvalid(checkKey(key));
	const { trust, signal } = options;
	if (trust === "subnet") return present(await askSubnet(context, key, options));
	if (trust === "node") {
		const request = requestOf(context, key, options);
		return present(await context.caller.query("blobs_stat", [request], { signal, isBound: false }));
	}
	const found = await askNode(context, key, options, onClaim);
	if (found?.verdict === "proven") return noted(context, found.manifest);
	return present(await askSubnetAndLearn(context, key, options));
}

/**
 * The manifest of exactly this blob, proven or certified: the root that the caller has binds size, chunks and bytes, and
 * nothing that is said about them. What a node proves may be an older state, so where the root is another the subnet is
 * asked.
 * @throws CanisterError `blob_replaced`, `blob_not_found`
 */
export async function statRef(
	context: ClientContext,
	ref: BlobRef,
	options: StatOptions,
	onClaim?: (claim: Claim) => void,
): Promise<Manifest> {
	// A manifest is a reference too, and claims the rest by itself.
	const claim = claimOf(ref);
	if (claim) onClaim?.(claim);
	const found =
		options.trust === "subnet"
			? undefined
			: await askNode(context, ref.key, options, (claimed) => {
					if (sameBytes(claimed.root, ref.root)) onClaim?.(claimed);
				});
	const bytes = found?.verdict === "proven" ? found.manifest : undefined;
	if (bytes && sameBytes(readManifest(bytes).root, ref.root)) return noted(context, bytes);
	const manifest = await stat(context, ref.key, { ...options, trust: "subnet" });
	if (sameBytes(manifest.root, ref.root)) return manifest;
	throw new CanisterError({ blob_replaced: fromVersion(manifest) });
}

const requestOf = (context: ClientContext, key: string, { minVersion }: StatOptions) => ({
	key,
	min_version: leastVersion(context, minVersion),
});

/** Asks one node, and verifies what it says; undefined where every node that answered is behind. */
async function askNode(
	context: ClientContext,
	key: string,
	options: StatOptions,
	onClaim?: (claim: Claim) => void,
): Promise<ProvenStat | undefined> {
	let proven: ProvenStat | undefined;
	const request = requestOf(context, key, options);
	const found = await provenByNode(context, "blobs_stat", request, options.signal, async (answer) => {
		if (onClaim && answer.manifest[0]) onClaim(claimOfNode(readManifest(answer.manifest[0])));
		proven = await verifyStat(context, key, answer);
		return proven.verdict;
	});
	return found && proven;
}

async function askSubnet(context: ClientContext, key: string, options: StatOptions): Promise<WireStatAnswer> {
	const request = requestOf(context, key, options);
	const answer = await askCertified(context, () =>
		context.caller.update("blobs_stat", [request], { signal: options.signal, verify: true }),
	);
	noteVersion(context, answer.last);
	return answer;
}

/**
 * From the second key on that holds nothing, also asks what lets later ones be proven by a query: at the same time,
 * so that it takes no longer, and not at the first, which may be the only one.
 */
async function askSubnetAndLearn(
	context: ClientContext,
	key: string,
	options: StatOptions,
): Promise<WireStatAnswer> {
	const { standing } = context;
	const learns =
		standing.hasMissed && !knownStanding(context) && !isAnonymous(await context.trust.principal());
	const age = stopwatch(context.settings.ports);
	const [answer, rights] = await Promise.all([
		askSubnet(context, key, options),
		learns ? askRights(context, options.signal) : undefined,
	]);
	if (answer.manifest.length === 0) standing.hasMissed = true;
	if (rights) noteStanding(context, answer, rights, age);
	return answer;
}

/** The version in a manifest is certified with it; the one beside it is not. */
function noted(context: ClientContext, bytes: Uint8Array | undefined): Manifest {
	const manifest = present({ manifest: optional(bytes) });
	noteVersion(context, fromVersion(manifest));
	return manifest;
}

function present({ manifest }: Pick<WireStatAnswer, "manifest">): Manifest {
	if (manifest[0] === undefined) throw new CanisterError({ blob_not_found: {} });
	return toManifest(manifest[0]);
}
