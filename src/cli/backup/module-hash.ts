import type { BlobClient } from "../../client/node/index.js";
import type { Report } from "../report.js";

/** Certified SHA-256 of the canister's module; undefined, with a note, if it cannot be read. */
export const moduleHash = (client: BlobClient, report: Report): Promise<string | undefined> =>
	client.admin.moduleHash().catch((error: Error) => {
		report.note(`The hash of the canister's module could not be read: ${error.message}`);
		return undefined;
	});
