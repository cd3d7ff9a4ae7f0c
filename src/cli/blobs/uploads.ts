/** `canister-blobs uploads`: lists and aborts open uploads. */
import type { OpenUpload } from "../../client/node/index.js";
import { type Command, EXIT_FAILURE, parsed, UsageError } from "../command.js";
import { EXIT_INCOMPLETE, type Report, reported, shownKey, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { openStore, STORE, STORE_HELP, type Store } from "./options.js";

const help = `Usage: canister-blobs uploads [list [<key>]] --canister <id> [options]
       canister-blobs uploads abort <id>... --canister <id> [options]

Lists the caller's open uploads: those that were interrupted and can be resumed by
running put again, or that another process is sending. abort ends some and discards
their chunks. An inactive upload expires after 24 hours.

      --all               uploads of all principals; requires the role admin
${STORE_HELP}

Exit codes of abort: 0 all were aborted, 1 none was, 2 the command line is wrong, 3 some
were aborted; the output names the others.`;

interface Found extends OpenUpload {
	/** Set if uploads of all principals are listed. */
	readonly owner?: string | undefined;
}

/** Open uploads, with the application's keys if a key file opens them. @param key of the application */
async function* open({ client, encryption }: Store, all: boolean, key?: string): AsyncGenerator<Found> {
	const stored = key === undefined ? key : (encryption?.sealKey(key) ?? key);
	const list = all ? client.admin.listAllUploads() : client.listUploads({ key: stored });
	for await (const upload of list)
		if (stored === undefined || upload.key === stored)
			yield { ...upload, key: encryption?.openKey(upload.key) ?? upload.key };
}

function line({ id, key, size, chunkBytes, receivedChunks, expiresAt, owner }: Found): string {
	const there = Math.min(receivedChunks * chunkBytes, size ?? Number.POSITIVE_INFINITY);
	const of = size === undefined ? "" : ` of ${sizeOf(size)}`;
	const expires = `expires ${expiresAt.toISOString().slice(0, 19)}Z`;
	return `${id}  ${sizeOf(there)}${of}, ${expires}  ${shownKey(key)}${owner === undefined ? "" : `  ${owner}`}`;
}

async function listed(report: Report, store: Store, all: boolean, key?: string): Promise<number> {
	let uploads = 0;
	for await (const upload of open(store, all, key)) {
		uploads++;
		report.item({ type: "upload", ...upload }, line(upload));
	}
	return report.end(0, { uploads }, `${counted(uploads, "open upload")}`);
}

async function aborted(report: Report, store: Store, all: boolean, ids: readonly string[]): Promise<number> {
	const found = new Map<string, Found>();
	for await (const upload of open(store, all)) found.set(upload.id, upload);
	const { client } = store;
	const asked = new Set(ids.map((id) => id.toLowerCase()));
	let count = 0;
	for (const id of asked) {
		const upload = found.get(id);
		if (upload === undefined) {
			report.loss({ type: "absent", id }, `no open upload ${id}`);
			continue;
		}
		await (upload.owner === undefined ? client.abortUpload(id) : client.admin.abortUpload(upload.owner, id));
		count++;
		report.item({ type: "aborted", id, key: upload.key }, `aborted ${id}  ${shownKey(upload.key)}`);
	}
	return report.end(
		count === asked.size ? 0 : count > 0 ? EXIT_INCOMPLETE : EXIT_FAILURE,
		{ aborted: count },
		`${count} aborted`,
	);
}

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, { ...STORE, all: { type: "boolean", default: false } });
	const [action = "list", ...rest] = positionals;
	if (action !== "list" && action !== "abort")
		throw new UsageError(`uploads takes list or abort, not ${JSON.stringify(action)}`);
	if (action === "list" && rest.length > 1) throw new UsageError("uploads list takes one key");
	if (action === "abort" && rest.length === 0)
		throw new UsageError("uploads abort takes the ids that uploads list prints");
	const strange = action === "abort" ? rest.find((id) => !/^[0-9a-f]{32}$/i.test(id)) : undefined;
	if (strange !== undefined)
		throw new UsageError(`an upload's id has 32 hex digits; ${JSON.stringify(strange)} is none`);
	return reported(values, async (report) => {
		const store = await openStore(values);
		return action === "list"
			? listed(report, store, values.all, rest[0])
			: aborted(report, store, values.all, rest);
	});
}

export const uploads: Command = { help, run };
