#!/bin/sh
# How large each function's release build is, and that none is larger than it may be: a cold start loads all of it.
#
#   make build && scripts/sizes.sh
#
# The aim is 7 MB each. Two have more clients in them than that holds: docs/PERFORMANCE.md, docs/adr/0018-small-binaries.md.
set -eu
cd "$(dirname "$0")/.."

limit() {
    case $1 in
    alarm) echo 7400000 ;;
    sweep) echo 8300000 ;;
    *) echo 7000000 ;;
    esac
}

large=0
for folder in functions/*/; do
    function=$(basename "$folder")
    size=$(wc -c <"target/lambda/$function/bootstrap")
    echo "$function: $size bytes of $(limit "$function")"
    if [ "$size" -gt "$(limit "$function")" ]; then
        echo "size: $function is larger than it may be; cargo tree -p $function shows what it is made of" >&2
        large=1
    fi
done
exit "$large"
