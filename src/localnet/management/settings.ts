/** IC management canister, "update_settings": what was set beside the controllers; remembered, without effect. */
import { DEFAULT_SETTINGS, type SettingsValue } from "./candid.js";

export class Settings {
	readonly #values: Record<string, unknown> = { ...DEFAULT_SETTINGS };

	change(settings: SettingsValue): void {
		for (const name of Object.keys(DEFAULT_SETTINGS)) {
			const [value] = settings[name] as [] | [unknown];
			if (value !== undefined) this.#values[name] = value;
		}
	}

	get values(): Readonly<Record<string, unknown>> {
		return this.#values;
	}
}
