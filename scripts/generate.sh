#!/usr/bin/env bash
# Writes the generated Go files again: pages from internal/web/*.templ; the API's
# server, types and client from api/openapi.yaml (its commands stand in go:generate
# lines). With a folder as argument it does so in that copy of the project.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

if compgen -G 'internal/web/*.templ' >/dev/null; then
  go tool templ generate -path internal/web -log-level error
fi
mapfile -t dirs < <(grep -rlE '^//go:generate ' --include='*.go' api cmd internal 2>/dev/null | xargs -r -n1 dirname | sort -u)
for dir in "${dirs[@]}"; do
  go generate "./$dir"
done
