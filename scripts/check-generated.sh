#!/usr/bin/env bash
# Checks that the committed generated files are what the generators would write
# now. Works on a copy, so a stale file stays stale until "make generate" and the
# check says the same when it is run twice. Needs no git.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -cf - go.mod go.sum api cmd internal | tar -xf - -C "$copy"

names=(-name testdata -prune -o -type f \( -name '*_templ.go' -o -name '*.gen.go' \))
generated() { (cd "$1" && find api cmd internal "${names[@]}" -print0 | sort -z | xargs -0r sha256sum); }

# Remove first: a generated file whose source is gone must be noticed too.
find "$copy" "${names[@]}" -exec rm {} +
bash scripts/generate.sh "$copy"
if ! difference=$(diff <(generated .) <(generated "$copy")); then
  echo "generated code is not current; run: make generate" >&2
  printf '%s\n' "$difference" | awk '/^[<>]/ {print "  " $3}' | sort -u >&2
  exit 1
fi
