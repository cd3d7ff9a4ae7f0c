import { closeSync, openSync, writeSync } from "node:fs";
import { type BlockRecord, createNetwork } from "canister-blobs/localnet";

/**
 * A local network under conditions (JSON, the first argument). It writes a line per block to a file (the second),
 * prints its address and root key, and ends on SIGTERM.
 */
const [conditions = "{}", blocks = ""] = process.argv.slice(2);
const file = openSync(blocks, "w");
const onBlock = ({ time, ...block }: BlockRecord) =>
	void writeSync(file, `${JSON.stringify({ ...block, time: String(time) })}\n`);
const network = await createNetwork({ conditions: JSON.parse(conditions), onBlock });
console.log(`url: ${network.url}\nroot key: ${Buffer.from(network.rootKey).toString("hex")}`);
process.once("SIGTERM", async () => {
	await network.dispose();
	closeSync(file);
});
