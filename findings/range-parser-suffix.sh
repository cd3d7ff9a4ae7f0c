#!/usr/bin/env bash
# range-parser, which Express and send use, refuses a suffix range that is longer than the file.
#
# Expected: RFC 9110, section 14.1.2: "If the selected representation is shorter than the specified suffix-length, the
# entire representation is used."
# Seen: -1, "unsatisfiable", for which its users answer 416; 2.0.0 is right, and needs Node 22.
# Versions: range-parser 1.3.0, Node 20.20. Date: 2026-11-30.
# Exits non-zero where this is no longer so.
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund range-parser@1.3.0
node -e '
const parse = require("range-parser");
const seen = { longer: parse(10, "bytes=-11"), exact: parse(10, "bytes=-10") };
console.log(seen);
process.exit(seen.longer === -1 && seen.exact[0].start === 0 ? 0 : 1);'
