#!/bin/sh
# Installs the tools pinned in requirements-dev.txt into the project's own .tools/dev and prints that
# folder's bin. Does nothing when they are there already.
#
#   PATH="$(scripts/tools.sh):$PATH" sam validate --lint
#
# Other sets of tools: scripts/tools.sh demo reads requirements-demo.txt and fills .tools/demo.
set -eu

name=${1:-dev}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
requirements=$root/requirements-$name.txt
venv=$root/.tools/$name
stamp=$venv/.stamp

missing() {
    echo "missing: $*" >&2
    exit 1
}

[ -f "$requirements" ] || missing "$requirements"
python=${PYTHON:-python3}
command -v "$python" >/dev/null 2>&1 || missing "Python 3.10 or later (Debian: apt-get install python3 python3-venv)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || missing "Python 3.10 or later ($("$python" -V) is too old; set PYTHON to a newer one)"
"$python" -c 'import venv, ensurepip' 2>/dev/null || missing "Python's venv module (Debian: apt-get install python3-venv)"

# The path belongs to the key too: a venv that was moved has scripts that point at its old place.
key=$({ echo "$venv"; "$python" -V; cat "$requirements"; } | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')

is_current() { [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; }

if ! is_current; then
    mkdir -p "$root/.tools"
    # Two runs at once (make -j, two terminals): the second waits and then finds the work done.
    lock=$root/.tools/.$name.lock
    if command -v flock >/dev/null 2>&1; then
        exec 9>"$lock"
        flock 9
    fi
    if ! is_current; then
        echo "installing $(basename "$requirements") into .tools/$name (once, about a minute)" >&2
        rm -rf "$venv"
        "$python" -m venv "$venv" >&2
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2 \
            || missing "a package of $(basename "$requirements"): pip could not install it (see above)"
        echo "$key" >"$stamp"
    fi
fi

echo "$venv/bin"
