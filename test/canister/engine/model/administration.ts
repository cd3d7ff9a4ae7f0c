import type { MethodArgs, MethodName, WireVersion } from "../../../../src/protocol/index.js";
import {
	ANONYMOUS,
	CONTROLLER,
	EVERYBODY,
	type Model,
	type ModeName,
	numberOf,
	type RoleName,
	refuse,
} from "./model.js";
import { abortUpload } from "./uploads.js";

/** What the methods of administrators should do. */

/** A change that has its place in the feed. */
export function change(
	model: Model,
	who: number,
	method: MethodName,
	request: { id: Uint8Array },
	act: () => void,
): WireVersion {
	model.require(who, "admin");
	return model.once(who, request.id, "administered", method, request, 0, () => {
		act();
		model.changed(who);
		model.sequence++;
		model.administered++;
		return model.version;
	});
}

export function grant(model: Model, who: number, [request]: MethodArgs<"blobs_grant_role">) {
	return change(model, who, "blobs_grant_role", request, () => {
		model.roles[numberOf(request.who)]!.add(Object.keys(request.role)[0] as RoleName);
	});
}

export function revoke(model: Model, who: number, [request]: MethodArgs<"blobs_revoke_role">) {
	return change(model, who, "blobs_revoke_role", request, () => {
		model.roles[numberOf(request.who)]!.delete(Object.keys(request.role)[0] as RoleName);
		model.leases.endOver();
	});
}

export function setQuota(model: Model, who: number, [request]: MethodArgs<"blobs_set_quota">) {
	return change(model, who, "blobs_set_quota", request, () => {
		const whose = request.who[0] === undefined ? EVERYBODY : numberOf(request.who[0]);
		if (request.quota[0] === undefined) model.quotas.delete(whose);
		else model.quotas.set(whose, request.quota[0]);
	});
}

export function setMode(model: Model, who: number, [request]: MethodArgs<"blobs_set_mode">) {
	const last = change(model, who, "blobs_set_mode", request, () => {
		if (request.generation !== model.generation) refuse("mode_changed");
		model.mode = Object.keys(request.mode)[0] as ModeName;
		model.generation++;
	});
	return {
		mode: Object.keys(request.mode)[0],
		generation: request.generation + 1n,
		last,
		protocol: 1,
		features: ["grants", "batch", "expiry", "undelete", "import", "leases", "owners", "staging"],
		keep_deleted_days: [model.keepDays],
		http_prefix: [],
	};
}

export function setExpiryRules(model: Model, who: number, [request]: MethodArgs<"blobs_set_expiry_rules">) {
	return change(model, who, "blobs_set_expiry_rules", request, () => {
		model.rules = request.rules;
	});
}

export function beginImport(model: Model, who: number, [request]: MethodArgs<"blobs_begin_import">) {
	requireController(who);
	return change(model, who, "blobs_begin_import", request, () => {
		const hasHistory = model.sequence !== model.administered;
		if (model.wasImported || hasHistory || model.uploads.size + model.staged.all.length > 0)
			refuse("not_importable");
		model.wasImported = true;
		model.mode = "importing";
		model.generation++;
	});
}

export function endImport(model: Model, who: number, [request]: MethodArgs<"blobs_end_import">) {
	requireController(who);
	return change(model, who, "blobs_end_import", request, () => {
		if (!model.isImporting) refuse("not_importable");
		model.mode = "live";
		model.generation++;
	});
}

function requireController(who: number): void {
	if (who === ANONYMOUS) refuse("anonymous");
	if (who !== CONTROLLER) refuse("not_authorized");
}

export function abortAny(model: Model, who: number, [request]: MethodArgs<"blobs_abort_any_upload">) {
	model.require(who, "admin");
	return abortUpload(model, who, numberOf(request.owner), request.id);
}
