#!/usr/bin/env bash
# Runs the linters of .golangci.yaml over the project.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD

# Built from a module of its own (tools/go.mod), so that the linter's many
# dependencies stay out of the product. Go's build cache makes this a no-op later.
go -C tools build -o "$top/bin/tools/golangci-lint" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
exec bin/tools/golangci-lint run --timeout 20m ./...
