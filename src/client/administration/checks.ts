import * as is from "../arguments.js";
import { UNPROVEN } from "../checks.js";
import type { ExpiryRule, GrantName, GrantTerms, Quota } from "../types.js";
import type { GrantOptions, ListGrantsOptions } from "./grants.js";

/** What each option of administration may be. */

type Checks<Options> = is.Checks<Options>;

const { signal } = is;

export const QUOTA: Checks<Quota> = {
	openUploads: is.number,
	blobs: is.number,
	bytes: is.number,
	receivedPerDay: is.number,
	changesPerDay: is.number,
	cyclesPerDay: is.number,
};

export const GRANT_TERMS: Checks<GrantTerms> = {
	prefix: is.text,
	role: is.oneOf("writer", "reader"),
	endsAt: is.date,
	bytes: is.number,
	blobs: is.number,
	publicOnly: is.flag,
	overOthers: is.flag,
	mayGive: is.flag,
	mayPurge: is.flag,
};
export const GRANT: Checks<GrantOptions> = { under: is.id, importAs: is.importGrantAs, signal };
export const GRANT_NAME: Checks<GrantName> = { who: is.principal, id: is.id };
export const LIST_GRANTS: Checks<ListGrantsOptions> = {
	heldBy: is.principal,
	givenBy: is.principal,
	trust: UNPROVEN,
	signal,
};

export const EXPIRY_RULE: Checks<ExpiryRule> = { prefix: is.text, lifeMs: is.number };

export const ROLE = is.oneOf("admin", "writer", "reader", "backup");
export const MODE = is.oneOf("live", "draining", "maintenance");
