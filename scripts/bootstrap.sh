#!/bin/sh
# What every npm script of this project starts with: brings the npm packages, among them the pinned Node 24,
# and hands over to scripts/<command>.ts on that Node. Runs on any Node and npm, with nothing installed yet.
# Usage: sh scripts/bootstrap.sh demo|dev|test|bench|check|verify-archive|faults [arguments]
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "set-up: $1" >&2
  exit 1
}

command=${1:-}
[ -n "$command" ] && [ -f "scripts/$command.ts" ] || fail "no such command: '$command'"
shift

# npm writes this file last, so it stands for a complete installation.
installed=node_modules/.package-lock.json
node=node_modules/.bin/node

is_node_24() {
  case "$("$node" --version 2>/dev/null)" in v24.*) return 0 ;; *) return 1 ;; esac
}

# Install steps that would download from elsewhere are kept from running: package.json's allowScripts says so
# to npm 11; older ones ignore it, so mediasoup and onnxruntime-node are told by their own variables.
run_npm() {
  MEDIASOUP_WORKER_BIN=${MEDIASOUP_WORKER_BIN:-/set/by/set-up} ONNXRUNTIME_NODE_INSTALL=skip \
    npm --no-audit --no-fund --loglevel=error "$@"
}

if [ ! -e "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
  echo "set-up: installing npm packages (half a minute or so) ..." >&2
  started=$(date +%s)
  # What npm ci would do, but for one thing: a lock file written where a registry lacks some other platform's optional
  # packages does not list them, and npm ci then refuses to install anything at all.
  run_npm install --no-save --include=dev >&2 || fail "npm install failed (see above)"
  touch "$installed"
  echo "set-up: npm packages installed in $(($(date +%s) - started)) s" >&2
fi

# Node comes by an install script of the package "node", which a user's ignore-scripts setting keeps from running.
is_node_24 || run_npm rebuild node --ignore-scripts=false >&2 || true
is_node_24 || fail "Node 24 did not install: try 'npm rebuild node --ignore-scripts=false'"

PATH="$PWD/node_modules/.bin:$PATH"
# Node keeps what it compiled, with the types already stripped: halves the processor time in which a server is up again.
NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-"$PWD/node_modules/.cache/node-compile"}
export PATH NODE_COMPILE_CACHE
exec "$node" "scripts/$command.ts" "$@"
