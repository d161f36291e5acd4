#!/bin/sh
# How large each function's release build is, and that none is larger than it may be: a cold start loads all of it.
#
#   make build && scripts/sizes.sh
#
# The aim is 7 MB each; docs/PERFORMANCE.md says how far that is.
set -eu
cd "$(dirname "$0")/.."

limit=10000000
large=0
for folder in functions/*/; do
    function=$(basename "$folder")
    size=$(wc -c <"target/lambda/$function/bootstrap")
    echo "$function: $size bytes of $limit"
    if [ "$size" -gt "$limit" ]; then
        echo "size: $function is larger than it may be; cargo tree -p $function shows what it is made of" >&2
        large=1
    fi
done
exit "$large"
