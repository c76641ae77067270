#!/bin/sh
# Brings .venv to what a lock file says, or does nothing when it is there already:
#   tools/venv.sh run   what the program needs
#   tools/venv.sh dev   and what its tests and checks need
# PYTHON names the interpreter to start from; without it the first suitable one is taken.
set -eu

level=$1
cd "$(dirname "$0")/.."
lock=requirements.lock
[ "$level" = run ] || lock=requirements-dev.lock
stamp=.venv/installed
state=$(cat requirements.lock requirements-dev.lock pyproject.toml tools/venv.sh | cksum; pwd)

fail() {
    echo "onhand: $1" >&2
    exit 1
}

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or newer"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if suits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed; if it is not on the PATH: make run PYTHON=/path/to/python3"
}

create() {
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "$python has no venv module; install it (Debian and Ubuntu: apt install python3-venv)"
    "$python" -m venv --clear .venv
}

install() {
    .venv/bin/python -m pip -qq --disable-pip-version-check --no-input install "$@" ||
        fail "installing failed, see above; another Python may help: make clean run PYTHON=python3.12"
}

current=no
if [ -x .venv/bin/python ] && [ -f "$stamp" ]; then
    case "$(cat "$stamp")" in
        "dev $state" | "$level $state") current=yes ;;
    esac
fi
[ "$current" = no ] || exit 0

# Programs in .venv name their folder: one that was moved or copied here is made anew.
if [ ! -x .venv/bin/python ] || { [ -f "$stamp" ] && [ "$(tail -n 1 "$stamp")" != "$(pwd)" ]; }; then
    create
fi
rm -f "$stamp"
count=$(grep -c '^[a-z].*==' "$lock")
echo "Installing $count packages into .venv; the first time takes up to a minute ..." >&2
install --require-hashes --only-binary :all: --requirement "$lock"
install --no-deps --no-build-isolation --editable .
printf '%s %s\n' "$level" "$state" >"$stamp"
