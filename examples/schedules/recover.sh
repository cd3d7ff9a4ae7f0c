#!/bin/sh
# From nothing but a repository, what opens it, and a new canister: a store that holds what the last snapshot has.
# NEW is a canister with the store's Wasm installed and nothing in it; CANISTER_BLOBS_IDENTITY is one of its controllers.
set -eu
blobs=${CANISTER_BLOBS:-canister-blobs}

# Which snapshots are there, and is the newest one whole? All of its bytes are read.
$blobs snapshots
$blobs verify
# What would be done: the hash of the module is compared with the one that was backed up.
# shellcheck disable=SC2086
$blobs restore latest --into "$NEW" --dry-run ${RESTORE_OPTIONS:-}
# Killed at any time, it goes on when it is run again. The store is live once every blob is there.
# shellcheck disable=SC2086
$blobs restore latest --into "$NEW" ${RESTORE_OPTIONS:-}
# The first backup of the new store: what it holds is in the repository, so that nothing is fetched.
# shellcheck disable=SC2086
$blobs backup --canister "$NEW" --tag recovered ${RESTORE_OPTIONS:-}
