/** IC management canister, "update_settings": all settings except the controllers. */
import type { Principal } from "@dfinity/principal";
import { equal, utf8 } from "../encoding/bytes.js";
import { SIZES } from "../limits.js";
import { DEFAULT_SETTINGS, type SettingsValue } from "./candid.js";
import { refuse } from "./refusal.js";

export interface EnvironmentVariable {
	readonly name: string;
	readonly value: string;
}

export type Visibility =
	| { readonly controllers: null }
	| { readonly public: null }
	| { readonly allowed_viewers: readonly Principal[] };

/** Settings with an effect here; the others are only stored. */
interface Effective {
	readonly log_memory_limit: bigint;
	readonly log_visibility: Visibility;
	readonly snapshot_visibility: Visibility;
	readonly status_visibility: Visibility;
	readonly environment_variables: readonly EnvironmentVariable[];
}
export type VisibilityName = "log_visibility" | "snapshot_visibility" | "status_visibility";

export class Settings {
	readonly #values: Record<string, unknown> = { ...DEFAULT_SETTINGS };

	change(settings: SettingsValue): void {
		for (const name of Object.keys(DEFAULT_SETTINGS)) {
			const [value] = settings[name] as [] | [unknown];
			if (value !== undefined) this.#values[name] = value;
		}
	}

	get values(): Readonly<Record<string, unknown>> & Effective {
		return this.#values as Readonly<Record<string, unknown>> & Effective;
	}

	/** Whether a caller that is no controller may see it. */
	shows(name: VisibilityName, viewer: Uint8Array): boolean {
		const visibility = this.values[name];
		if ("allowed_viewers" in visibility)
			return visibility.allowed_viewers.some((principal) => equal(principal.toUint8Array(), viewer));
		return "public" in visibility;
	}
}

/** Rejects values past a limit, before any change. */
export function refuseSettings(change: SettingsValue): void {
	for (const name of ["log_visibility", "snapshot_visibility", "status_visibility"]) {
		const [visibility] = change[name] as [] | [Visibility];
		if (visibility && "allowed_viewers" in visibility && visibility.allowed_viewers.length > SIZES.viewers)
			invalid(`'${name}' names more than ${SIZES.viewers} viewers`);
	}
	const [bytes = 0n] = change.log_memory_limit as [] | [bigint];
	if (bytes > SIZES.logMemoryBytes) invalid(`'log_memory_limit' exceeds ${SIZES.logMemoryBytes} bytes`);
	const [variables = []] = change.environment_variables as [] | [EnvironmentVariable[]];
	if (variables.length > SIZES.environmentVariables)
		invalid(`'environment_variables' has more than ${SIZES.environmentVariables} entries`);
	if (new Set(variables.map(({ name }) => name)).size < variables.length)
		invalid("'environment_variables' has a name twice");
	const most = SIZES.environmentVariableBytes;
	if (variables.some(({ name, value }) => utf8(name).length > most || utf8(value).length > most))
		invalid(`'environment_variables' has a name or a value of more than ${most} bytes`);
}

function invalid(text: string): never {
	return refuse("IC0515", `Invalid settings: ${text}`);
}
