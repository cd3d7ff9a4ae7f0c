import { checkSink, type Sink } from "canister-blobs/backup";

export async function judge(open: () => Sink) {
	for (const { name, error } of await checkSink(open))
		console.log(error ? `FAILED ${name}: ${error.message}` : name);
}
