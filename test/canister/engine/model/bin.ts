import { isPublic, type MethodArgs, sortable } from "../../../../src/protocol/index.js";
import { change } from "./administration.js";
import { comeUnder, hold, requireOther, requireWriter, still } from "./blobs.js";
import { type Model, type ModelKept, PRINCIPALS, refuse } from "./model.js";

/** What the methods should do that are about deleted blobs. */

export function setKeepDeleted(model: Model, who: number, [request]: MethodArgs<"blobs_set_keep_deleted">) {
	return change(model, who, "blobs_set_keep_deleted", request, () => {
		if (request.days > 365) refuse("invalid_argument");
		model.keepDays = request.days;
	});
}

const seen = (model: Model, who: number, kept: ModelKept | undefined): ModelKept =>
	kept !== undefined && (kept.blob.owner === who || model.has(who, "reader", "backup"))
		? kept
		: refuse("blob_not_found");

function keptOf(model: Model, { key, version }: { key: string; version: { sequence: bigint } }) {
	const kept = model.bin.get(version.sequence);
	return kept?.blob.manifest.key === key && kept.until > model.now ? kept : undefined;
}

export function restore(model: Model, who: number, [request]: MethodArgs<"blobs_restore">) {
	requireWriter(model, who);
	const { id, key } = request;
	const act = () => {
		const { blob } = seen(model, who, keptOf(model, request));
		model.requireChange(who, key, { isPublic: isPublic(blob.manifest) });
		if (blob.owner !== who && !model.has(who)) refuse("not_authorized");
		model.requirePrecondition(request.precondition, key);
		const expires_at = model.endOf(key, blob.manifest.expires_at);
		const as = { ...blob, manifest: { ...blob.manifest, modified_at: model.nanoseconds(), expires_at } };
		model.requireQuota(blob.owner, { key });
		requireOther(model, blob, as.manifest);
		comeUnder(model, who, as);
		model.freeExpired(key);
		model.bin.delete(blob.manifest.sequence);
		return hold(model, who, as).manifest;
	};
	return model.once(who, id, "updated", "blobs_restore", request, 2, act, still(model, who, key));
}

export function purge(model: Model, who: number, [request]: MethodArgs<"blobs_purge">) {
	requireWriter(model, who);
	const { id, key } = request;
	const act = () => {
		const kept = keptOf(model, request);
		const its = model.leases.kept.get(request.version.sequence)?.blob;
		const leased = its?.manifest.key === key ? its : undefined;
		const blob = kept?.blob ?? leased;
		const isOthers = blob !== undefined && blob.owner !== who;
		if (!model.has(who) && !model.grants.purges(who, key, isOthers)) {
			seen(model, who, kept);
			refuse("not_authorized");
		}
		if (blob === undefined) return refuse("blob_not_found");
		if (kept !== undefined) {
			model.bin.delete(kept.blob.manifest.sequence);
			model.throwAway(kept.blob);
		}
		if (leased !== undefined) model.leases.drop(leased.manifest.sequence);
		model.changed(who);
		model.sequence++;
		model.administered++;
		return model.version;
	};
	return model.once(who, id, "administered", "blobs_purge", request, 2, act);
}

/** What is listed to somebody, in order. */
export function listedFor(model: Model, who: number) {
	const nameOf = ({ blob: { manifest } }: ModelKept) =>
		sortable(`${manifest.key}/\x01${manifest.sequence.toString(16).padStart(16, "0")}`);
	return [...model.bin.values()]
		.filter(({ until }) => until > model.now)
		.filter(({ blob }) => blob.owner === who || model.has(who, "backup"))
		.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
		.map(({ blob, at, by, until }) => ({
			manifest: blob.manifest,
			deleted_at: BigInt(at) * 1_000_000n,
			deleted_by: PRINCIPALS[by]!,
			kept_until: BigInt(until) * 1_000_000n,
		}));
}
