import type { ClientContext } from "../context.js";
import { guarded, guardedAll } from "../errors/errors.js";
import { part } from "../util/part.js";
import type { Administration } from "./index.js";

type Method = (...args: never[]) => unknown;
type Named<Result> = {
	[Name in keyof Administration]: Administration[Name] extends (...args: never[]) => Result ? Name : never;
}[keyof Administration];

const administration = part(() => import("./index.js"));

/** By what they return, all of them: one that is missing here does not compile. */
const CALLS: Record<Named<Promise<unknown>>, 1> = {
	abortUpload: 1,
	beginImport: 1,
	endImport: 1,
	expiryRules: 1,
	grant: 1,
	grantRole: 1,
	metrics: 1,
	moduleHash: 1,
	purge: 1,
	revokeGrant: 1,
	revokeRole: 1,
	setExpiryRules: 1,
	setKeepDeleted: 1,
	setMode: 1,
	setQuota: 1,
	statistics: 1,
};
const LISTS: Record<Named<AsyncGenerator>, 1> = { listAccounts: 1, listAllUploads: 1, listGrants: 1 };

/** Administration whose code is loaded when it is first called. */
export function lazyAdministration(context: ClientContext): Administration {
	const run = async (name: string, args: never[]): Promise<never> => {
		const { Administration } = await administration();
		const loaded = new Administration(context) as unknown as Record<string, Method>;
		return (loaded[name] as Method).apply(loaded, args) as never;
	};
	const lazy: Record<string, Method> = {};
	for (const name of Object.keys(CALLS)) lazy[name] = (...args) => guarded(() => run(name, args));
	for (const name of Object.keys(LISTS))
		lazy[name] = (...args) =>
			guardedAll(async function* () {
				yield* (await run(name, args)) as AsyncGenerator;
			});
	return lazy as unknown as Administration;
}
