import { bytes, nat64, record, vec } from "../candid.js";
import { MAX_EXPIRY_RULES } from "../limits.js";
import { keyText } from "../texts.js";

/** Rules by which blobs under a prefix of keys end. */

export interface WireExpiryRule {
	/** Whole segments of keys with a `/` at the end; nothing: every key. */
	prefix: string;
	/** How long a blob lives that is published there, in nanoseconds. */
	life: bigint;
}
export const ExpiryRule = record<WireExpiryRule>({ prefix: keyText, life: nat64 });

export interface WireSetExpiryRules {
	id: Uint8Array;
	/** All of them, in the place of those before. */
	rules: WireExpiryRule[];
}
export const SetExpiryRules = record<WireSetExpiryRules>({
	id: bytes,
	rules: vec(ExpiryRule, 2 * MAX_EXPIRY_RULES),
});

export interface WireExpiryRules {
	/** In the order of prefixes. */
	rules: WireExpiryRule[];
}
export const ExpiryRules = record<WireExpiryRules>({ rules: vec(ExpiryRule) });
