import type { MethodArgs, MethodOk } from "../../protocol/index.js";
import { ClientError } from "../errors/errors.js";
import { toManifest } from "../manifest.js";
import type { OpenSource } from "../source/types.js";
import type { UploadPlan } from "./options.js";

type Stat = (request: MethodArgs<"blobs_stat">[0]) => Promise<MethodOk<"blobs_stat">>;

/** Lets nothing at all replace something, where that may be a fault of the source's. */
export async function planOver(
	plan: UploadPlan,
	source: Pick<OpenSource, "mayBeUnread">,
	bytes: Pick<Uint8Array, "length">,
	stat: Stat,
): Promise<UploadPlan> {
	if (bytes.length > 0 || !source.mayBeUnread || plan.allowEmpty || plan.precondition === "absent")
		return plan;
	const { manifest } = await stat({ key: plan.key, min_version: [] });
	const held = manifest[0] && toManifest(manifest[0]);
	if (held && held.size > 0) throw new ClientError("source_empty", { key: plan.key, held: held.size });
	return { ...plan, precondition: plan.precondition ?? held ?? "absent" };
}
