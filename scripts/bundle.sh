#!/usr/bin/env bash
# Bundles the pages' scripts and styles into internal/web/dist under names that
# carry a hash of their content. dist/meta.json, written last, says which file
# came from which source. Entries: every script right in web/ts (what they share
# lies in folders below), the style sheets of all pages, of the plan, of the slides, of paper and of the answer to an invitation, and the pictures right in web.
set -euo pipefail
cd "$(dirname "$0")/.."

dist=internal/web/dist
mkdir -p "$dist"
find "$dist" -mindepth 1 ! -name .keep -delete

shopt -s nullglob
entries=()
for f in web/ts/*.ts web/css/main.css web/css/year.css web/css/present.css web/css/coverage.css web/css/paper.css web/css/reply.css web/*.svg; do
  [ -e "$f" ] || continue
  case $f in
  *.d.ts | *.test.ts) ;; # types and tests are not for the browser
  *) entries+=("$f") ;;
  esac
done
if [ ${#entries[@]} -eq 0 ]; then
  echo '{"inputs":{},"outputs":{}}' >"$dist/meta.json"
  exit 0
fi
exec go tool esbuild "${entries[@]}" --bundle --format=esm --splitting --minify --target=es2022 \
  --outdir="$dist" --entry-names='[name]-[hash]' --chunk-names='chunk-[hash]' --loader:.svg=copy \
  --metafile="$dist/meta.json" --log-level=warning
