#!/usr/bin/env bash
# Builds the functions and plays two stories through them in a local AWS: an hour of mail, and what no mail tells (alarms, a
# lost stream, other hands at SES's switch). `make demo`; one story alone: `--story hour`, `make demo STORY=hour`.
# Exit code 0: everything that the demo checks held. Needs Rust, Python 3.10 or newer and a C compiler, no AWS account.
#
# With `--mode observe` the guard only tells whom it would have paused: `make demo MODE=observe`.
# `scripts/demo.sh soak storm` and `soak crowd` play storms instead: `make soak`.
# `--story doctor` plants faults in the deployed stack, and has `ses-guard doctor` find them: `make demo STORY=doctor`.
# `scripts/demo.sh browser` has the dashboard used in a headless Chromium: a part of `make test` where there is one.
# `scripts/demo.sh contract` holds the ports' contracts, and two accounts, against the same local AWS instead: a part of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() {
  echo "make demo: $1" >&2
  exit 1
}

# An old `python3` must not hide a newer one beside it.
find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.10 python3.11 python3.12 python3.13 python3.14; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  return 1
}

command -v cargo >/dev/null 2>&1 ||
  missing "no cargo: install Rust with rustup (https://rustup.rs)."
python=$(find_python) ||
  missing "no Python 3.10 or newer with venv: install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python)."
command -v cc >/dev/null 2>&1 ||
  missing "no C compiler (cc): install one (Debian, Ubuntu: apt install gcc libc6-dev; macOS: xcode-select --install)."

# The local AWS, into a folder of its own.
tools=$(PYTHON=$python scripts/tools.sh demo)

if [ "${1:-}" = contract ]; then
  "$tools/python" -B tests/demo/contract.py \
    cargo test --locked -p guard-tests --test contract --test inventory --test monitor in_local_aws
  exec "$tools/python" -B tests/demo/homes.py cargo test --locked -p guard-tests --test roles in_local_aws
fi

browser=
if [ "${1:-}" = browser ]; then
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then browser=$name; fi
  done
  if [ -z "$browser" ]; then
    [ -z "${GUARD_BROWSER_REQUIRED:-}" ] || missing "no Chromium, and GUARD_BROWSER_REQUIRED is set (Debian: apt-get install chromium)."
    echo "SKIPPED the tests in a browser: no Chromium on this machine (Debian, Ubuntu: apt install chromium)"
    exit 0
  fi
  tools=$(PYTHON=$python scripts/tools.sh browser)
fi

packages=()
for folder in functions/*/; do packages+=(-p "$(basename "$folder")"); done
echo "building the functions"
# The browser's tests start it, and the runbook's story types its commands.
if [ -n "$browser" ] || [[ " $* " = *" runbook "* || " $* " = *" doctor "* ]]; then packages+=(-p ses-guard); fi
cargo build --locked "${packages[@]}"
target=$(cargo metadata --format-version 1 --no-deps | "$python" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')

if [ -n "$browser" ]; then
  GUARD_PROGRAMS=$target/debug exec "$tools/python" -B -m pytest -q tests/browser
fi
if [ "${1:-}" = soak ]; then
  shift
  exec "$tools/python" -B tests/demo/soak.py "$@" --programs "$target/debug"
fi
exec "$tools/python" -B tests/demo/demo.py --programs "$target/debug" "$@"
