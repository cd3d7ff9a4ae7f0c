#!/usr/bin/env bash
# @dfinity/agent cannot verify a certificate whose delegation has the canister ranges in shards.
#
# Expected: check_canister_ranges finds the canister in /canister_ranges/<subnet>/<first canister>, where the endpoints
# v4 of calls and v3 of read_state have it (interface specification, "State tree", canister_ranges). A proof that a
# client of @icp-sdk/core fetched and handed on is then of use to one of @dfinity/agent.
# Seen: @icp-sdk/core finds it there; @dfinity/agent throws, since it looks under /subnet/<subnet>/canister_ranges only.
# Versions: @dfinity/agent 3.4.3, @icp-sdk/core 6.1.0, Node 20.20. Date: 2026-11-30.
# Exits non-zero where this is no longer so.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @dfinity/agent@3.4.3 @dfinity/candid@3.4.3 @dfinity/principal@3.4.3 @icp-sdk/core@6.1.0
cat >seen.mjs <<'JS'
import * as dfinity from "@dfinity/agent";
import * as core from "@icp-sdk/core/agent";
import { Principal } from "@dfinity/principal";
import { Principal as CorePrincipal } from "@icp-sdk/core/principal";

const subnet = Uint8Array.of(1, 2, 3);
const canister = (last) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, last, 1, 1);
const ranges = dfinity.Cbor.encode([[canister(0), canister(9)]]);
const labeled = (label, tree) => [2, typeof label === "string" ? new TextEncoder().encode(label) : label, tree];
const inShards = labeled("canister_ranges", labeled(subnet, labeled(canister(0), [3, ranges])));
const inOne = labeled("subnet", labeled(subnet, labeled("canister_ranges", [3, ranges])));
const attempt = ({ check_canister_ranges }, Its, tree) => {
	try {
		return check_canister_ranges({
			canisterId: Its.fromUint8Array(canister(5)),
			subnetId: Its.fromUint8Array(subnet),
			tree,
		});
	} catch (error) {
		return error.message.split("\n")[0];
	}
};
const seen = {
	agentInOne: attempt(dfinity, Principal, inOne),
	coreInOne: attempt(core, CorePrincipal, inOne),
	coreInShards: attempt(core, CorePrincipal, inShards),
	agentInShards: attempt(dfinity, Principal, inShards),
};
console.log(seen);
const { agentInShards, ...others } = seen;
process.exit(Object.values(others).every((found) => found === true) && agentInShards !== true ? 0 : 1);
JS
node seen.mjs
