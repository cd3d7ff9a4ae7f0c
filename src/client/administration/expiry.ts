import type { WireExpiryRule } from "../../protocol/index.js";
import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import { type AskOptions, ask, type CallOptions, change, newId } from "../asking.js";
import type { ClientContext } from "../context.js";
import { checkInteger } from "../options.js";
import type { ExpiryRule } from "../types.js";
import { EXPIRY_RULE } from "./checks.js";

export async function setExpiryRules(
	context: ClientContext,
	rules: readonly ExpiryRule[],
	options: CallOptions = {},
): Promise<void> {
	checkArgument("rules", rules, is.array);
	const request = { id: newId(context), rules: rules.map(fromRule) };
	await change(context, "blobs_set_expiry_rules", request, options);
}

export async function expiryRules(context: ClientContext, options: AskOptions = {}): Promise<ExpiryRule[]> {
	const { rules } = await ask(context, "blobs_expiry_rules", [], options);
	return rules.map(toRule);
}

/** @throws ClientError `option_invalid` */
function fromRule(rule: ExpiryRule, index: number): WireExpiryRule {
	const name = `rules[${index}]`;
	checkArgument(name, rule, is.object);
	checkOptions(rule, EXPIRY_RULE, name);
	checkArgument(`${name}.prefix`, rule.prefix, is.text);
	const lifeMs = checkInteger(`${name}.lifeMs`, rule.lifeMs, 0);
	return { prefix: rule.prefix, life: BigInt(lifeMs) * 1_000_000n };
}

export const toRule = ({ prefix, life }: WireExpiryRule): ExpiryRule => ({
	prefix,
	lifeMs: Number(life / 1_000_000n),
});
