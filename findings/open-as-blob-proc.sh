#!/usr/bin/env bash
# Node's fs.openAsBlob gives an empty Blob, and no error, for a file whose size the system reports as 0, such as those
# of /proc: fs.readFile reads the same file to its end. (Node; found while uploading such files.)
#
# Expected: the file's content, or an error when it is read.
# Seen: size 0, text "", no error. A file that was really empty and has grown since is an error (NotReadableError).
# Versions: Node 20.20.2 on Linux. Date: 2026-11-30. No package is installed.
# Exits non-zero where this is no longer so.
set -euo pipefail
node --no-warnings --input-type=module -e '
import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
const path = "/proc/version";
const blob = await openAsBlob(path);
const text = await blob.text();
const read = await readFile(path, "utf8");
console.log({ node: process.version, blobSize: blob.size, blobText: text, readFileBytes: read.length });
process.exit(blob.size === 0 && text === "" && read.length > 0 ? 0 : 1);
'
