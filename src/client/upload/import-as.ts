import type { WireImportedAs, WireManifest } from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { isAnonymous } from "../call/agent.js";
import { checkPrincipal, type PrincipalLike } from "../options.js";
import type { Manifest } from "../types.js";
import { date, fromTime } from "../wire-map.js";

/** Whose a blob is that is imported, and since when. A manifest of the store that it comes from says it as well. */
export interface ImportAs {
	/** Its owner, whose quota it counts in. */
	readonly owner: PrincipalLike;
	/** When its content was published, as a Date or in milliseconds since 1970. */
	readonly createdAt: Date | number;
	/** When anything about it changed last, not before `createdAt`. */
	readonly modifiedAt: Date | number;
}

/** @throws ClientError `option_invalid` */
export function fromImportAs({ owner, createdAt, modifiedAt }: ImportAs): WireImportedAs {
	const principal = checkPrincipal("importAs.owner", owner);
	const bytes = principal.toUint8Array();
	if (isAnonymous(bytes) || bytes.length === 0)
		throw invalidOption("importAs.owner", "the anonymous principal and the management canister own nothing");
	const created_at = fromTime("importAs.createdAt", createdAt);
	const modified_at = fromTime("importAs.modifiedAt", modifiedAt);
	if (created_at > modified_at)
		throw invalidOption(
			"importAs.createdAt",
			"it is after importAs.modifiedAt: give both as the other store said them",
		);
	return { owner: principal, created_at, modified_at };
}

export const toImportAs = ({ owner, created_at, modified_at }: WireImportedAs): ImportAs => ({
	owner,
	createdAt: date(created_at),
	modifiedAt: date(modified_at),
});

/** Whether a blob has the owner and the times that it was to be imported with. */
export const isAs = (
	{ owner, created_at, modified_at }: Pick<WireManifest, "owner" | "created_at" | "modified_at">,
	wanted: WireImportedAs,
): boolean =>
	owner.toText() === wanted.owner.toText() &&
	created_at === wanted.created_at &&
	modified_at === wanted.modified_at;

/** The same of a blob that is stored already. */
export const isStoredAs = ({ owner, createdAt, modifiedAt }: Manifest, wanted: ImportAs): boolean =>
	isAs(fromImportAs({ owner, createdAt, modifiedAt }), fromImportAs(wanted));
