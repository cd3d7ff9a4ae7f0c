#!/usr/bin/env bash
# @dfinity/agent sends a call again that was refused with 413 or 400, three more times, body and all.
#
# Expected: one request. A body that is too large, or not what the endpoint takes, is so the next time, too; the agent's
# option retryTimes speaks of requests that fail.
# Seen: four requests each, with a backoff between them: a chunk of 2 MB is sent four times before its caller is told.
# Versions: @dfinity/agent 3.4.3, @icp-sdk/core 6.1.0 (the same), Node 20.20. Date: 2026-11-30.
# Exits non-zero where this is no longer so.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @dfinity/agent@3.4.3 @dfinity/candid@3.4.3 @dfinity/principal@3.4.3 @icp-sdk/core@6.1.0
cat >seen.mjs <<'JS'
import { createServer } from "node:http";
import { HttpAgent } from "@dfinity/agent";
import { HttpAgent as CoreAgent } from "@icp-sdk/core/agent";

let status = 0;
let calls = 0;
let bytes = 0;
const server = createServer((request, response) => {
	request.on("data", (part) => {
		bytes += part.length;
	});
	request.on("end", () => {
		if (request.url.endsWith("/call")) calls++;
		response.writeHead(status, { "content-type": "text/plain" }).end("no");
	});
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const host = `http://127.0.0.1:${server.address().port}`;
const seen = {};
for (const [name, Agent] of Object.entries({ "@dfinity/agent": HttpAgent, "@icp-sdk/core": CoreAgent }))
	for (status of [413, 400]) {
		calls = bytes = 0;
		const agent = Agent.createSync({ host, shouldFetchRootKey: false, shouldSyncTime: false });
		const call = { methodName: "put", arg: new Uint8Array(1_000_000), effectiveCanisterId: "aaaaa-aa" };
		await agent.call("aaaaa-aa", call).then(
			() => {
				throw new Error("it succeeded");
			},
			() => {},
		);
		seen[`${name} ${status}`] = { calls, megabytes: Math.floor(bytes / 1e6) };
	}
console.log(seen);
server.close();
process.exit(Object.values(seen).every(({ calls }) => calls === 4) ? 0 : 1);
JS
node seen.mjs
