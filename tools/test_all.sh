#!/usr/bin/env bash
# Runs the tests on each Python 3.8 to 3.12 that is installed, each in a virtualenv of its own (.venv-3.X).
# A Python counts as installed when it starts and can make a virtualenv: a pyenv shim may do neither.
set -u
cd "$(dirname "$0")/.." || exit 2

find_python() {
    local candidate
    for candidate in $(type -ap "python$1") "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if "$candidate" -c "import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

ran=0
failed=()
summary=()
for version in 3.8 3.9 3.10 3.11 3.12; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        summary+=("Python $version: not installed")
        continue
    fi
    echo "== Python $version ($python)"
    ran=$((ran + 1))
    if make test PYTHON="$python" VENV=".venv-$version" ARGS="$*"; then
        summary+=("Python $version: passed")
    else
        summary+=("Python $version: FAILED")
        failed+=("$version")
    fi
done

printf '%s\n' "${summary[@]}"
[ "$ran" -gt 0 ] || { echo "No Python 3.8 to 3.12 found." >&2; exit 2; }
[ "${#failed[@]}" -eq 0 ]
