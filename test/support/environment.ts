/** Runs something with variables of the environment as given, and puts back those that were. */
export async function withEnvironment<T>(
	variables: Readonly<Record<string, string>>,
	run: () => Promise<T>,
): Promise<T> {
	const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
	Object.assign(process.env, variables);
	try {
		return await run();
	} finally {
		for (const [name, value] of before) {
			if (value === undefined) delete process.env[name];
			else process.env[name] = value;
		}
	}
}
