/** Location of the canister: `config.json` beside the page, so that one build serves every network. */
export interface Config {
	canisterId: string;
	/** An API boundary of the Internet Computer, `https://icp-api.io` on mainnet. */
	host: string;
	/** True for a test network on this machine only: its own root key is trusted. */
	local: boolean;
}

export async function loadConfig(): Promise<Config> {
	const response = await fetch(new URL("config.json", document.baseURI), { cache: "no-cache" });
	const config: Partial<Config> = response.ok ? await response.json().catch(() => ({})) : {};
	if (typeof config.canisterId !== "string" || typeof config.host !== "string")
		throw new Error(
			'There must be a config.json beside this page: {"canisterId": "…", "host": "https://…"}.',
		);
	return { canisterId: config.canisterId, host: config.host, local: config.local === true };
}
