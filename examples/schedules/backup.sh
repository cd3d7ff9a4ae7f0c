#!/bin/sh
# Takes a snapshot, reads a seventh of the repository each day of the week, and keeps what is worth keeping.
# Ends with 0, or with 3 where the snapshot is made and lacks something, or with the code of what failed.
set -u
blobs=${CANISTER_BLOBS:-canister-blobs}

# shellcheck disable=SC2086
$blobs backup --quiet --canister "$CANISTER" ${BACKUP_OPTIONS:-}
code=$?
# A snapshot that lacks something is a snapshot: it is kept, and whoever looks at codes is told.
[ "$code" = 0 ] || [ "$code" = 3 ] || exit "$code"

$blobs verify --quiet --read "$(date +%u)/7" || exit $?
$blobs forget --quiet --keep-hourly 48 --keep-daily 30 --keep-monthly 24 --keep-tag keep || exit $?
$blobs prune --quiet || exit $?
exit "$code"
