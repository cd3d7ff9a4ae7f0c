import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

/**
 * A minimal server of node:http that streams one file (the first argument) and hashes it: the lower bound of the cost.
 */
const [path = ""] = process.argv.slice(2);
const { size } = await stat(path);
const server = createServer(async (_, response) => {
	const hash = createHash("sha256");
	response.writeHead(200, { "Content-Length": size });
	await pipeline(
		createReadStream(path, { highWaterMark: 1 << 18 }),
		async function* (parts: AsyncIterable<Buffer>) {
			for await (const part of parts) {
				hash.update(part);
				yield part;
			}
		},
		response,
		// A reader may close the connection as soon as it has the last byte.
	).catch(() => {});
	hash.digest();
});
server.listen(0, "127.0.0.1", () =>
	console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
);
