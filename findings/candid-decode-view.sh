#!/usr/bin/env bash
# IDL.decode of @dfinity/candid reads a Uint8Array that is a view into a larger buffer from the buffer's beginning.
#
# Expected: the value, as for a copy of the same bytes. A reply that was cut out of a response body is such a view.
# Seen: an error, "Wrong magic number", or "Left-over bytes" where the buffer begins with another message.
# Versions: @dfinity/candid 3.4.3, Node 20.20. Date: 2026-11-30.
# Exits non-zero where this is no longer so.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @dfinity/candid@3.4.3 @dfinity/principal@3.4.3
cat >seen.mjs <<'JS'
import { IDL } from "@dfinity/candid";
const message = new Uint8Array(IDL.encode([IDL.Text], ["the second"]));
const attempt = (bytes) => {
	try {
		return IDL.decode([IDL.Text], bytes)[0];
	} catch (error) {
		return error.message;
	}
};
const viewBehind = (before) => {
	const whole = new Uint8Array(before.length + message.length);
	whole.set(before);
	whole.set(message, before.length);
	return whole.subarray(before.length);
};
const seen = {
	copy: attempt(message.slice()),
	viewBehindZeros: attempt(viewBehind(new Uint8Array(8))),
	viewBehindMessage: attempt(viewBehind(new Uint8Array(IDL.encode([IDL.Text], ["the first"])))),
};
console.log(seen);
process.exit(seen.copy === "the second" && seen.viewBehindZeros !== "the second" ? 0 : 1);
JS
node seen.mjs
