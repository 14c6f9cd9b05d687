#!/usr/bin/env bash
# chromium.sh: installs Chromium where it is not there and can be had (as root, with apt-get), for the tests that open
# reports in it; without it those are skipped.
set -euo pipefail

install() {
    [ "$(id -u)" = 0 ] && command -v apt-get && export DEBIAN_FRONTEND=noninteractive &&
        timeout 120 apt-get -qq update && timeout 600 apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core
}

command -v chromium >/dev/null || install >/dev/null 2>&1 ||
    echo "chromium.sh: no Chromium here: the tests that need it are skipped" >&2
