#!/usr/bin/env bash
# Makes sure that everything "make test" needs beside Go, Node and make is on this
# machine. Installs what is missing if it may; otherwise says in one line what to
# install. Does nothing, quickly, when all is there. Never starts a service: the
# tests start a PostgreSQL of their own in a temporary folder.
set -euo pipefail

fail() {
  echo "setup: $*" >&2
  exit 1
}

for tool in go node npm; do
  command -v "$tool" >/dev/null || fail "$tool is not on the PATH; Windshield needs Go 1.26 or newer and Node 20 or newer (with npm)"
done
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
  fail "Node $(node --version) is too old; install Node 20 or newer"

has_file() { compgen -G "$1" >/dev/null; }
has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
has_file '/usr/lib/postgresql/*/bin/initdb' && has_file '/usr/lib/postgresql/*/bin/postgres' || missing+=(postgresql-15)
command -v chromium >/dev/null || missing+=(chromium)
# The pages are measured in the tests: without fonts every letter is a box.
has_package fonts-liberation || has_package fonts-liberation2 || has_file '/usr/share/fonts/*/*/Liberation*' || missing+=(fonts-liberation)
has_package fonts-dejavu-core || has_file '/usr/share/fonts/*/*/DejaVuSans.ttf' || missing+=(fonts-dejavu-core)
# The race detector needs a C compiler; the product itself has no C in it.
command -v gcc >/dev/null || missing+=(gcc)
has_file '/usr/include/stdlib.h' || missing+=(libc6-dev)

[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  fail "missing: ${missing[*]} (names of the Debian packages); install them with this system's package manager"
fi
if [ "$(id -u)" -ne 0 ]; then
  fail "missing packages; as root run: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
fi

echo "setup: installing ${missing[*]}"
# Debian's PostgreSQL package would create and start a cluster on a port. Only its
# programs are wanted, so tell it beforehand; a choice already made is respected.
if [[ " ${missing[*]} " == *" postgresql-15 "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
apt=(apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${apt[@]}" update >"$log" 2>&1 || { cat "$log" >&2; fail "apt-get update failed (above)"; }
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >"$log" 2>&1 ||
  { cat "$log" >&2; fail "apt-get could not install ${missing[*]} (above)"; }
