/** HTTP gateway: verifies responses, with the library that gateways use. */
import type { Topology } from "../certification/topology.js";
import type { CanisterRequest, CanisterResponse } from "./canister.js";
import type { Site } from "./host.js";

export class NotVerified extends Error {}

type Library = Pick<typeof import("@dfinity/response-verification"), "verifyRequestResponsePair">;

const MAX_AGE_NS = 300_000_000_000n;
const VERSION_HEADERS = new Set(["cache-control"]);

/** Loaded on first use: the WebAssembly is large, and applications without a site need not install it. */
let library: Promise<Library> | undefined;

function load(): Promise<Library> {
	library ??= import("@dfinity/response-verification").catch((error: unknown) => {
		library = undefined;
		throw new Error(
			"Answers of canisters over HTTP are verified by @dfinity/response-verification 3, which is not installed: " +
				`npm install @dfinity/response-verification@3. ${String(error)}`,
		);
	});
	return library;
}

/** The response with those headers that its certificate proves. @throws NotVerified */
export async function verified(
	topology: Topology,
	site: Site,
	now: bigint,
	request: CanisterRequest,
	response: CanisterResponse,
): Promise<CanisterResponse> {
	if (site.isRaw) return response;
	const { verifyRequestResponsePair } = await load();
	let found: ReturnType<Library["verifyRequestResponsePair"]>;
	try {
		found = verifyRequestResponsePair(
			{
				method: request.method,
				url: request.url,
				headers: request.headers.map(([name, value]): [string, string] => [name, value]),
				body: request.body,
				certificate_version: [2],
			} as Parameters<Library["verifyRequestResponsePair"]>[0],
			{ status_code: response.status_code, headers: response.headers, body: response.body },
			site.canister,
			now,
			MAX_AGE_NS,
			topology.root.publicDer,
			1,
		);
	} catch (error) {
		const why = (error as { message?: string }).message ?? String(error);
		const isTest = topology.root.publicDer.includes("TEST KEY");
		throw new NotVerified(
			isTest ? `${why} (a network with signatures: "test" can certify nothing over HTTP)` : why,
		);
	}
	if (found.verificationVersion < 2) {
		if (response.status_code >= 300 && response.status_code < 400)
			throw new NotVerified("a redirection, which certification of version 1 does not cover");
		const headers = response.headers.filter(([name]) => !VERSION_HEADERS.has(name.toLowerCase()));
		return { ...response, headers };
	}
	// The response certifies that it skips certification.
	if (found.response === undefined) return response;
	return { ...response, headers: found.response.headers };
}
