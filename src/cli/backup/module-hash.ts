import type { Report } from "../report.js";
import type { Store } from "./options.js";

/** SHA-256 of the module that the canister runs, certified. */
export async function moduleHash({ agent, canisterId }: Store, report: Report): Promise<string | undefined> {
	const { CanisterStatus } = await import("@dfinity/agent");
	try {
		const status = await CanisterStatus.request({ agent: await agent(), canisterId, paths: ["module_hash"] });
		const hash = status.get("module_hash");
		return typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined;
	} catch (error) {
		report.note(`The hash of the canister's module could not be read: ${(error as Error).message}`);
		return undefined;
	}
}
