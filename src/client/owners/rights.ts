import type { Change, PrincipalText } from "../types.js";
import type { RightsChange } from "./types.js";

/** Which changes of the feed are of rights, and whom they concern. */

const KINDS: readonly RightsChange["type"][] = [
	"role",
	"quota",
	"grant",
	"link",
	"offer",
	"given",
	"lease",
	"mode",
];

export const isOfRights = (change: Change): change is RightsChange =>
	KINDS.some((kind) => kind === change.type);

/** Whether a principal made or sent a change, or it says something of it. */
export const concerns = (change: RightsChange, who: PrincipalText): boolean =>
	[change.by, change.sentBy, ...named(change)].includes(who);

function named(change: RightsChange): readonly (PrincipalText | undefined)[] {
	switch (change.type) {
		case "role":
		case "quota":
			return [change.who];
		case "grant":
			return [change.who, change.under?.who];
		case "link":
			return [change.owner, change.who];
		case "offer":
			return [change.giver, change.owner, change.to];
		case "given":
			return [change.from, change.manifest.owner, change.offer.giver];
		case "lease":
			return [change.holder];
		default:
			return [];
	}
}
