import { parseArgs } from "node:util";
import { filesIn } from "canister-blobs/node";
import { CONNECTION, CONNECTION_USAGE, connect } from "../support/connect.js";
import { showProgress } from "./progress.js";

const USAGE = `Uploads every file of a directory that a store does not hold yet.

  npx tsx examples/import/import-directory.ts DIR --canister ID [--prefix P] [options]

  --prefix P        put everything under P/; default: at the top${CONNECTION_USAGE}
`;

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		options: { ...CONNECTION, prefix: { type: "string", default: "" } },
		allowPositionals: true,
	});
	const [directory, ...more] = positionals;
	if (directory === undefined || more.length > 0) throw new Error(USAGE);
	const { client } = await connect(values);
	const prefix = values.prefix.replace(/\/*$/, values.prefix ? "/" : "");

	const { files, skipped, failed } = await filesIn(directory);
	for (const path of skipped) process.stderr.write(`skipped ${path}: neither a file nor a directory\n`);

	// Small files share messages, large ones are sent in chunks. Blobs with the same bytes are not sent.
	const transfer = client.uploadMany(files, { prefix, skipUnchanged: true });
	showProgress(transfer);
	const result = await transfer.done;

	result.items.forEach((item, index) => {
		if (item.status === "failed") failed.push({ path: files[index]!.path, error: item.error });
	});
	for (const { path, error } of failed) process.stderr.write(`${path}: ${(error as Error).message}\n`);
	console.log(
		`${result.uploaded} uploaded, ${result.updated} updated, ${result.unchanged} unchanged, ${skipped.length} skipped, ` +
			`${failed.length} failed, ${transfer.progress.sent} bytes sent`,
	);
	if (failed.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
	process.exitCode = 1;
});
