# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts here: what they share.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

need_root() {
  [ "$(id -u)" = 0 ] || { echo "$0: must run as root (it installs packages and loads BPF programs)" >&2; exit 2; }
}

step() { printf '\n== %s (%s)\n' "$*" "$(date +%H:%M:%S)"; }

# Two scripts beside each other share build/: one installs or builds at a time, the other waits and finds it done.
locked() {
  mkdir -p build
  flock build/.lock "$@"
}

build() {
  local mode=$1
  shift
  locked make --no-print-directory -j"$(nproc)" MODE="$mode" "$@"
}
