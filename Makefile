# make run    builds Windshield and starts it with the sample company
# make test   runs every check there is; sets the machine up first if need be
# The rest is for those who work on it: build, generate, lint, pictures,
# problems, bench-plan, clean.

SHELL := /bin/bash
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

# A version is a courtesy: a copy without git, or one that git does not trust, is "dev".
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
export GOFLAGS := $(GOFLAGS) -buildvcs=false

NODE_STAMP := node_modules/.package-lock.json
DATA       := internal/geo/data/cities.tsv.gz internal/slot/data/holidays.json.gz
BUNDLE     := internal/web/dist/meta.json
WEB        := $(shell find web -type f 2>/dev/null)

.PHONY: build run test generate lint pictures problems bench-plan clean setup inputs
.DELETE_ON_ERROR:

build: inputs
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/windshield ./cmd/windshield

# What the Go code embeds and git does not hold.
inputs: $(DATA) $(BUNDLE)

$(NODE_STAMP): package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(DATA) &: build-data.mjs $(NODE_STAMP)
	node build-data.mjs
	@touch $(DATA)

# Removed and renamed sources change the folder, so the folders count as well.
$(BUNDLE): scripts/bundle.sh $(WEB) $(wildcard web web/ts web/css)
	bash scripts/bundle.sh
	@touch $@

# "make run ARGS='--addr 127.0.0.1:9000'" passes options on.
run: build
	@exec bin/windshield demo $(ARGS)

setup:
	@bash scripts/setup.sh

test: setup
	@$(MAKE) build
	@bash scripts/test.sh

generate:
	bash scripts/generate.sh

lint: inputs
	bash scripts/lint.sh

# Takes the pictures of the README anew, with Chromium, into docs/pictures.
PICTURES ?= ./internal/browsertest/...
pictures: setup inputs
	@mkdir -p docs/pictures
	WINDSHIELD_PICTURES=$(CURDIR)/docs/pictures go test -tags pictures -count=1 -v -run '^TestPictures$$' $(PICTURES)

# Writes planning problems as files: make problems DIR=build/problems SIZES=medium SHAPES=standard SEEDS="1 2"
DIR ?= build/problems
problems: inputs
	WINDSHIELD_PROBLEMS=$(abspath $(DIR)) SIZES="$(SIZES)" SHAPES="$(SHAPES)" SEEDS="$(SEEDS)" \
		go test -tags problems -count=1 -run '^TestWriteProblems$$' ./internal/planning/shapes -v

# Measures the planner as a program and writes the table of internal/planning/README.md. SIZES, LIMITS, SHAPES
# and SEEDS choose what is measured; OUT names another file to write the table into.
OUT ?= internal/planning/README.md
bench-plan: build
	@$(MAKE) problems DIR=build/bench-plan SEEDS=20270101 SIZES="$(or $(SIZES),tiny small medium large huge)" SHAPES="$(or $(SHAPES),standard)"
	@$(if $(SHAPES),true,$(MAKE) problems DIR=build/bench-plan SEEDS=20270101 SIZES=medium SHAPES=)
	WINDSHIELD_BIN=$(CURDIR)/bin/windshield WINDSHIELD_PROBLEMS=$(CURDIR)/build/bench-plan OUT=$(abspath $(OUT)) SIZES="$(SIZES)" LIMITS="$(LIMITS)" SHAPES="$(SHAPES)" SEEDS="$(SEEDS)" \
		go test -tags bench -count=1 -timeout 0 -v -run '^TestBenchPlan$$' ./cmd/windshield

clean:
	rm -rf bin build node_modules
	find internal/web/dist internal/geo/data internal/slot/data -mindepth 1 ! -name .keep -delete
