#!/usr/bin/env bash
# graphviz.sh: installs Graphviz where it is not there and can be had (as root, with apt-get), for the tests that read
# our DOT files with it; without it those are skipped.
set -euo pipefail

install() {
    [ "$(id -u)" = 0 ] && command -v apt-get && export DEBIAN_FRONTEND=noninteractive &&
        timeout 120 apt-get -qq update && timeout 300 apt-get -qq install -y --no-install-recommends graphviz
}

command -v dot >/dev/null || install >/dev/null 2>&1 ||
    echo "graphviz.sh: no Graphviz here: the tests that need it are skipped" >&2
