#!/usr/bin/env bash
# Everything that "make test" checks, after the build. Every step runs even if an
# earlier one failed, so that one run tells all there is to mend. The last line
# counts checks and tests together; the exit code is 0 only if none failed.
set -uo pipefail
cd "$(dirname "$0")/.."
top=$PWD

passed=0 failed=0 skipped=0 broken=()

# check NAME COMMAND…: a step that counts as one.
check() {
  local name=$1 log start=$SECONDS
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    echo "ok    $name ($((SECONDS - start))s)"
  else
    failed=$((failed + 1))
    broken+=("$name")
    echo "FAIL  $name ($((SECONDS - start))s)"
    sed 's/^/      /' "$log"
  fi
  rm -f "$log"
}

# tests NAME ARGUMENTS…: go test with these arguments, counted test by test.
tests() {
  local name=$1 counts p f s
  shift
  counts=$(mktemp)
  bin/tools/testsum -counts "$counts" -- "$@" </dev/null || broken+=("$name")
  if read -r p f s <"$counts"; then
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  else
    failed=$((failed + 1)) broken+=("$name: no result")
  fi
  rm -f "$counts"
}

formatted() {
  local files
  files=$(find . \( -name node_modules -o -name .git -o -path ./bin \) -prune -o -name '*.go' -print0 | xargs -0 gofmt -l) || return 1
  [ -z "$files" ] || { echo "not formatted; run: gofmt -w"; echo "$files"; return 1; }
}

types() {
  if [ -n "$(find web -name '*.ts' -print -quit 2>/dev/null)" ]; then
    if [ -f web/tsconfig.json ]; then node_modules/.bin/tsc --noEmit -p web; else node_modules/.bin/tsc --noEmit -p .; fi
  fi
}

own_tools() { go -C tools vet ./... && go -C tools test ./... && go -C tools build -o "$top/bin/tools/testsum" ./testsum; }

check "tools" own_tools
check "gofmt" formatted
check "go vet" go vet -tags look,pictures,problems,bench ./...
check "generated code" bash scripts/check-generated.sh
check "types of the scripts" types
check "lint" bash scripts/lint.sh

if [ -x bin/tools/testsum ]; then
  # The rules read the whole project, which the test cache cannot see: never cached.
  tests "rules" -count=1 ./internal/archtest ./deploy
  # Pure packages start no goroutines, which the rules make sure of: nothing in them can
  # race, and what they compute would take ten times as long with the detector on.
  pure='/internal/(fault|slot|geo|roster|visit|access|intake|sampling|planning|planning/bound|planning/shapes|calsync|alert|notify|insight|coverage)$'
  mapfile -t arithmetic < <(go list ./... | grep -E "$pure")
  # The longest first: whatever begins last ends last.
  longest='/internal/(testkit|browsertest)$'
  mapfile -t packages < <(go list ./... | grep -E "$longest" | sort -r; go list ./... | grep -v -E -e "$pure" -e "$longest" -e '/internal/archtest$' -e '/deploy$')
  tests "arithmetic" -vet=off -timeout 15m "${arithmetic[@]}"
  export CGO_ENABLED=1 # for the race detector
  # Memory is cheaper than time here: a tenth of the tests' time went to tidying it.
  export GOGC=400
  # Databases of tests are thousands of small files that nobody keeps. In memory, where
  # 150 MB are enough for all, they take a third of the time.
  room=$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)
  if [ -w /dev/shm ] && [ "${room:-0}" -ge 1024 ]; then
    export GOTMPDIR=${TMPDIR:-/tmp} TMPDIR=/dev/shm
  fi
  # SQLite is C made into Go: its memory is none of ours, and watching each access to it
  # takes two fifths of all the time. Everything else is watched.
  # Browsers, databases and clocks make tests wait: three packages at once keep two
  # processors busy.
  tests "tests" -race -p 3 -gcflags='modernc.org/...=-race=false' -vet=off -timeout 15m "${packages[@]}"
fi

if [ ${#broken[@]} -gt 0 ]; then
  printf 'failed: %s\n' "$(IFS=,; echo "${broken[*]}" | sed 's/,/, /g')"
fi
if [ "$skipped" -gt 0 ]; then
  echo "tests: $passed passed, $failed failed, $skipped skipped"
else
  echo "tests: $passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ ${#broken[@]} -eq 0 ]
