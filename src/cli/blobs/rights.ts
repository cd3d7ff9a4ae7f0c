/** `canister-blobs grant` and `revoke`: roles, and grants for a prefix of keys. */
import type { GrantRole, Role } from "../../client/node/index.js";
import { type Command, parsed, UsageError } from "../command.js";
import { reported, shownKey } from "../report.js";
import { bytesOf, wholeOf } from "../sizes.js";
import { folderOf, openStore, STORE, STORE_HELP, timeOf } from "./options.js";

const ROLES: readonly Role[] = ["writer", "reader", "backup", "admin"];
const GRANT_ROLES: readonly string[] = ["writer", "reader"];

const GRANT_HELP = `Usage: canister-blobs grant <principal> <role> --canister <id> [options]

Gives a principal a role in a store: writer, reader, backup or admin. With --prefix it
gives a grant: writer or reader for the keys below the prefix only. \`canister-blobs
whoami\` prints the principal of an identity.

      --prefix <prefix>   prefix of the keys; the output shows the id of the grant, which
                          revoke takes. Options of the grant:
      --until <time>      when it expires: 2026-12-31T18:00Z, or 12h, 30d
      --bytes <n>         total bytes that may be stored by it, such as 1GiB
      --blobs <n>         total number of blobs
      --public-only       public blobs only
      --over-others       also replace, change and delete blobs of other owners
      --may-give          its holder may give parts of it to other principals
${STORE_HELP}`;

const REVOKE_HELP = `Usage: canister-blobs revoke <principal> <role> --canister <id> [options]
       canister-blobs revoke <principal> --grant <id> --canister <id> [options]

Takes a role away from a principal, or a grant with all grants that are part of it.
${STORE_HELP}`;

function principalAndRole(positionals: readonly string[], command: string): [string, Role] {
	const [who, role, third] = positionals;
	if (who === undefined || role === undefined || third !== undefined)
		throw new UsageError(`${command} takes a principal and a role`);
	if (!ROLES.includes(role as Role))
		throw new UsageError(`there is no role ${JSON.stringify(role)}; there are ${ROLES.join(", ")}`);
	return [who, role as Role];
}

const OF_GRANTS = ["until", "bytes", "blobs", "public-only", "over-others", "may-give"] as const;

async function runGrant(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, {
		...STORE,
		prefix: { type: "string" },
		until: { type: "string" },
		bytes: { type: "string" },
		blobs: { type: "string" },
		"public-only": { type: "boolean", default: false },
		"over-others": { type: "boolean", default: false },
		"may-give": { type: "boolean", default: false },
	});
	const [who, role] = principalAndRole(positionals, "grant");
	const { prefix, until, bytes, blobs } = values;
	if (prefix === undefined) {
		const given = OF_GRANTS.find((option) => values[option] !== undefined && values[option] !== false);
		if (given !== undefined) throw new UsageError(`--${given} is of a grant: it takes --prefix`);
		return reported(values, async (report) => {
			const { client } = await openStore(values);
			await client.admin.grantRole(who, role);
			return report.end(0, { who, role }, `${who} has the role ${role}`);
		});
	}
	if (!GRANT_ROLES.includes(role))
		throw new UsageError(
			`a grant is of the role writer or reader; ${role} holds for all keys: leave --prefix out`,
		);
	const terms = {
		role: role as GrantRole,
		prefix: folderOf(prefix),
		...(until !== undefined && { endsAt: timeOf("until", until) }),
		...(bytes !== undefined && { bytes: bytesOf("bytes", bytes) }),
		...(blobs !== undefined && { blobs: wholeOf("blobs", blobs, Number.MAX_SAFE_INTEGER) }),
		publicOnly: values["public-only"],
		overOthers: values["over-others"],
		mayGive: values["may-give"],
	};
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		const { id } = await client.admin.grant(who, terms);
		const grant = id;
		return report.end(
			0,
			{ who, grant, ...terms },
			`${who} has the grant ${grant}: ${role} below ${shownKey(terms.prefix)}`,
		);
	});
}

async function runRevoke(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, { ...STORE, grant: { type: "string" } });
	const { grant: id } = values;
	if (id === undefined) {
		const [who, role] = principalAndRole(positionals, "revoke");
		return reported(values, async (report) => {
			const { client } = await openStore(values);
			await client.admin.revokeRole(who, role);
			return report.end(0, { who, role }, `took the role ${role} from ${who}`);
		});
	}
	const [who, second] = positionals;
	if (who === undefined || second !== undefined)
		throw new UsageError("revoke --grant takes a principal alone");
	if (!/^[0-9a-f]{32}$/i.test(id)) throw new UsageError("--grant takes the 32 hex digits that grant printed");
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		await client.admin.revokeGrant({ who, id });
		return report.end(0, { who, grant: id }, `took the grant ${id} from ${who}`);
	});
}

export const grant: Command = { help: GRANT_HELP, run: runGrant };
export const revoke: Command = { help: REVOKE_HELP, run: runRevoke };
