/** Which version of the protocol this is, and what was added to it. docs/UPGRADING.md has the rule. */

/** Goes up only with what a client of the version before cannot use. */
export const PROTOCOL_VERSION = 1;

/** Names of what a store of this version may offer beyond its first release. */
export const PROTOCOL_FEATURES: readonly string[] = [
	"grants",
	"batch",
	"expiry",
	"undelete",
	"import",
	"leases",
	"owners",
	"staging",
];
