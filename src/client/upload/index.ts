import type { ClientContext } from "../context.js";
import { openSource } from "../source/open.js";
import type { BlobSource } from "../source/types.js";
import { planUpload, type UploadOptions } from "./options.js";
import { ProgressMeter } from "./progress.js";
import { Transfer } from "./transfer.js";
import { Upload } from "./upload.js";

/** Starts an upload. Options that are not valid throw here and now, everything else fails the transfer. */
export function startUpload(context: ClientContext, from: BlobSource, options: UploadOptions): Transfer {
	const source = openSource(from, options.size);
	const plan = planUpload(options, source, context.settings);
	let upload: Upload | undefined;
	const start = new ProgressMeter(plan.concurrency, source.size, () => {}).progress;
	return new Transfer(
		start,
		options.signal,
		({ signal, report }) => {
			const meter = new ProgressMeter(plan.concurrency, source.size, report);
			upload = new Upload({ context, plan, source, meter, signal });
			return upload.run();
		},
		async () => upload?.discard(),
	);
}
