#!/usr/bin/env bash
# Make .venv ready (idempotent): Debian packages only where something is missing, then the project in editable mode.
set -euo pipefail
cd "$(dirname "$0")/.."

need_python() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "setup: Python 3.11 or newer is needed; this is $(python3 --version)" >&2
        exit 1
    }
}

# Before anything is installed; where there is no Python at all, what is installed brings one.
if command -v python3 >/dev/null; then need_python; fi
missing=()
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
command -v dtc >/dev/null || missing+=(device-tree-compiler)
command -v cpp >/dev/null || missing+=(cpp)

# What only the tests on a real Xen and on the board need; without it they skip.
if [ "${1:-run}" = dev ] && ! command -v qemu-system-aarch64 >/dev/null && command -v apt-get >/dev/null &&
    { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }; then
    missing+=(qemu-system-arm)
fi

if ((${#missing[@]})); then
    if ! command -v apt-get >/dev/null; then
        echo "setup: please install: ${missing[*]} (Debian's names), then run make again" >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: please run as root: apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "setup: installing ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

need_python
# One that was copied or moved runs the code in its old place.
grep -qsF "$(pwd -P)/.venv" .venv/bin/activate || rm -rf .venv
stamp=.venv/.stamp-${1:-run}
if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    what=.
    [ "${1:-run}" = run ] || what=".[$1]"
    echo "setup: installing xenscmi${1:+ [$1]} into .venv" >&2
    # Wheels alone: what must be compiled needs a compiler and Python's headers, which a bare machine lacks.
    .venv/bin/python -m pip install -q --disable-pip-version-check --only-binary :all: -e "$what"
    touch "$stamp"
fi
# Bytecode in advance: where PYTHONDONTWRITEBYTECODE is set, every start would compile everything anew.
.venv/bin/python -m compileall -q src
