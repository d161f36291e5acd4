#!/bin/sh
# The walls between the crates: the rules know no AWS, and one crate alone names AWS's clients.
set -eu
cd "$(dirname "$0")/.."

fallen=0
fall() {
    echo "wall: $1" >&2
    fallen=1
}

tree=$(cargo tree --locked -p guard-core --edges normal --prefix none)
if found=$(echo "$tree" | grep -E '^(aws-|tokio|hyper)'); then
    fall "guard-core depends on $(echo "$found" | sort -u | tr '\n' ' ')"
fi

for file in $(git ls-files '*.rs' '*Cargo.toml' | grep -v -e '^shared/aws/' -e '^Cargo.toml$'); do
    if grep -nE 'aws[-_](sdk|config|smithy)' "$file"; then
        fall "$file names an AWS client; only shared/aws may"
    fi
done

# The demo's DynamoDB stand-in takes minutes to build, and the simulation's mutants are wrong on purpose: neither may get
# into a function.
for folder in functions/*/; do
    function=$(basename "$folder")
    if cargo tree --locked -p "$function" --edges normal --prefix none | grep -E '^(dynoxide|guard-local|guard-simulation)'; then
        fall "the $function function depends on something that only tests need"
    fi
done

# Each of these is half a megabyte of every function, and comes with one careless feature (docs/adr/0018-small-binaries.md).
tree=$(cargo tree --locked --edges normal --prefix none)
if found=$(echo "$tree" | grep -E '^(aws-lc-sys|aws-smithy-http-client|clap|h2|openssl-sys|regex-automata) '); then
    fall "the functions depend on $(echo "$found" | sort -u | tr '\n' ' '): cargo tree -i says why"
fi

exit "$fallen"
