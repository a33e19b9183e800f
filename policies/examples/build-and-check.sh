#!/usr/bin/env bash
# Builds the example policies by the commands of their READMEs, in a temporary folder, and has paced check them.
# Skips a language, loudly, where its tool is missing or its registry is out of reach; a build or a check that fails,
# fails. Usage: build-and-check.sh [PACED], where PACED is the command; without it, the components are only built.
set -euo pipefail

examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
paced=${1:+$(realpath "$1")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/policies/examples"
cp -r "$examples/../../wit" "$work/wit"

# Seconds at most: of asking a registry, of installing from it, of making a component, and of compiling one in a debug
# build of paced.
probe_limit=60
install_limit=300
build_limit=300
check_limit=900

skip() { printf '\n!! SKIPPED: the example policy in %s was NOT built or checked: %s\n' "$1" "$2" >&2; }

# Copies what the repository has of an example, and nothing that an earlier build left there.
sources() {
    local from=$examples/$1 to=$work/policies/examples/$1
    shift
    mkdir -p "$to"
    (cd "$from" && cp "$@" "$to")
    cd "$to"
}

check() {
    if [ -z "$paced" ]; then return; fi
    # As in the README of this folder.
    timeout "$check_limit" "$paced" policy check "$1" --memory-bytes 33554432
}

javascript() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        skip JavaScript "node and npm are not installed"
        return
    fi
    sources javascript smooth.js build.mjs package.json package-lock.json
    if ! timeout "$probe_limit" npm view @bytecodealliance/componentize-js version; then
        skip JavaScript "npm's registry is out of reach"
        return
    fi
    # Not `npm ci`: it wants optional packages of other platforms in the lock file, which npm itself left out of it.
    timeout "$install_limit" npm install --no-audit --no-fund
    timeout "$build_limit" npm run build
    check smooth-js.wasm
}

python() {
    if ! command -v python3 >/dev/null; then skip Python "python3 is not installed"; return; fi
    sources python smooth.py requirements.txt
    if ! python3 -m venv .venv; then skip Python "python3 has no venv with pip"; return; fi
    if ! timeout "$probe_limit" .venv/bin/pip download --quiet --no-deps --dest "$work/probe" -r requirements.txt; then
        skip Python "pip's registry is out of reach"
        return
    fi
    timeout "$install_limit" .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
    timeout "$build_limit" .venv/bin/componentize-py \
        -d ../../../wit/0.1 -w policy componentize --stub-wasi smooth -o smooth-py.wasm
    check smooth-py.wasm
}

# Not as `(javascript) || …`: bash would then ignore the commands that fail in it.
(javascript)
(python)
