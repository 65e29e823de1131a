#!/usr/bin/env bash
# `make train` in a fresh clone, installation included.
set -euo pipefail
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet "$(dirname "$0")/.." "$clone/npc"
time make -C "$clone/npc" train
