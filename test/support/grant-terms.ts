import type { WireGrantTerms } from "../../src/protocol/index.js";

/** Terms of a grant for all keys, with no bound and no right beside its role's. */
export const PLAIN_TERMS: WireGrantTerms = {
	prefix: "",
	ends_at: [],
	bytes: [],
	blobs: [],
	public_only: false,
	over_others: false,
	may_give: false,
	may_purge: false,
};
