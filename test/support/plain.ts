import {
	changes,
	type MethodName,
	type MethodOk,
	manifests,
	type WireChange,
	type WireChangeOf,
	type WireChanges,
	type WireDeletedBlob,
	type WireDeletedBlobs,
	type WireDeletedMany,
	type WireError,
	type WireListEntry,
	type WireListPage,
	type WireManifest,
	type WireManyResults,
	type WireRefusal,
	type WireResult,
	type WireStatAnswer,
	type WireVersion,
} from "../../src/protocol/index.js";

/** Answers as a reader of this version sees them: what travels as bytes is read, and errors are their details. */

export type PlainChangeOf =
	| Exclude<WireChangeOf, { published: unknown } | { restored: unknown } | { given: unknown }>
	| { published: WireManifest }
	| { restored: { manifest: WireManifest; version: WireVersion } }
	| { given: Omit<Given, "manifest"> & { manifest: WireManifest } };
type Given = Extract<WireChangeOf, { given: unknown }>["given"];
export type PlainChange = Omit<WireChange, "change"> & { change: PlainChangeOf };
export type PlainItem = { ok: WireVersion } | { err: WireError };

/** What is not `MethodOk` already. */
interface Plain {
	blobs_commit_upload: WireManifest;
	blobs_put_blob: WireManifest;
	blobs_update: WireManifest;
	blobs_copy: WireManifest;
	blobs_rename: WireManifest;
	blobs_restore: WireManifest;
	blobs_list_deleted: Omit<WireDeletedBlobs, "deleted"> & {
		deleted: (Omit<WireDeletedBlob, "manifest"> & { manifest: WireManifest })[];
	};
	blobs_stat: Omit<WireStatAnswer, "manifest"> & { manifest: [] | [WireManifest] };
	blobs_list: Omit<WireListPage, "entries"> & {
		entries: ({ blob: WireManifest } | { directory: string })[];
	};
	blobs_changes: Omit<WireChanges, "changes"> & { changes: PlainChange[] };
	blobs_put_many: Omit<WireManyResults, "results"> & { results: PlainItem[] };
	blobs_delete_many: Omit<WireDeletedMany, "results"> & { results: PlainItem[] };
}
export type PlainOk<Name extends MethodName> = Name extends keyof Plain ? Plain[Name] : MethodOk<Name>;
export type PlainResult<T> = { ok: T } | { err: WireError };

const manifest = (bytes: Uint8Array): WireManifest => manifests.decode(bytes.slice());
const many = <Reply extends WireManyResults | WireDeletedMany>({ results, ...rest }: Reply) => ({
	...rest,
	results: results.map((result) => ("ok" in result ? result : { err: errorIn(result.err) })),
});

export function plainChange(bytes: Uint8Array): PlainChange {
	const { change, ...stamp } = changes.decode(bytes.slice());
	const [what] = change;
	if (what === undefined) throw new Error("a change of a kind that is not known");
	if ("published" in what) return { ...stamp, change: { published: manifest(what.published) } };
	if ("given" in what)
		return { ...stamp, change: { given: { ...what.given, manifest: manifest(what.given.manifest) } } };
	if (!("restored" in what)) return { ...stamp, change: what };
	const { version } = what.restored;
	return { ...stamp, change: { restored: { manifest: manifest(what.restored.manifest), version } } };
}

const readers: { [Name in keyof Plain]: (ok: MethodOk<Name>) => Plain[Name] } = {
	blobs_commit_upload: manifest,
	blobs_put_blob: manifest,
	blobs_update: manifest,
	blobs_copy: manifest,
	blobs_rename: manifest,
	blobs_restore: manifest,
	blobs_list_deleted: ({ deleted, next }) => ({
		deleted: deleted.map((one) => ({ ...one, manifest: manifest(one.manifest) })),
		next,
	}),
	blobs_stat: (answer) => ({
		...answer,
		manifest: answer.manifest[0] === undefined ? [] : [manifest(answer.manifest[0])],
	}),
	blobs_list: ({ entries, ...rest }) => ({
		entries: entries.map((entry: WireListEntry) =>
			"blob" in entry ? { blob: manifest(entry.blob) } : entry,
		),
		...rest,
	}),
	blobs_changes: (page) => ({ ...page, changes: page.changes.map(plainChange) }),
	blobs_put_many: many,
	blobs_delete_many: many,
};

export function plain<Name extends MethodName>(name: Name, ok: MethodOk<Name>): PlainOk<Name> {
	const read = readers[name as keyof Plain] as ((ok: unknown) => unknown) | undefined;
	return (read === undefined ? ok : read(ok)) as PlainOk<Name>;
}

export const plainResult = <Name extends MethodName>(
	name: Name,
	result: WireResult<MethodOk<Name>>,
): PlainResult<PlainOk<Name>> =>
	"ok" in result ? { ok: plain(name, result.ok) } : { err: errorIn(result.err) };

/** What an error says; it must be one of today. */
export function errorIn({ code, details }: WireRefusal): WireError {
	const [error] = details;
	if (error === undefined) throw new Error(`an error that is not known: ${code}`);
	return error;
}

export const versionOf = ({ sequence, canister_version }: WireVersion): WireVersion => ({
	sequence,
	canister_version,
});
