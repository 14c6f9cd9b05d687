#!/usr/bin/env bash
# docker.sh COMMAND…: runs the command with a Docker engine that has python:X.Y-slim, for the tests of images.
# An engine that answers is used as it is. Else ../shared/tools/container-engine is asked for one, where that tool lies
# beside the clone; what it started ends with the command. Where there is neither, this says so and runs the command
# without: its tests of images are skipped then.
set -euo pipefail

tool="$(cd "$(dirname "$0")/../.." && pwd)/../shared/tools/container-engine"
base=python:3.11-slim
started=

answers() { [ -n "$(timeout 20 docker info --format '{{.ServerVersion}}' 2>/dev/null)" ]; }

stop() { [ -z "$started" ] || "$tool" down >/dev/null 2>&1; }

if answers; then
    echo "docker.sh: the engine that answers is used" >&2
elif [ -x "$tool" ] && [ "$(id -u)" = 0 ]; then
    before="$("$tool" status 2>&1 || true)"
    if address="$("$tool" up)"; then
        eval "$address"
        case "$before" in *"no engine answers"*) started=yes ;; esac
    fi
fi
trap stop EXIT
if answers; then
    if ! docker image inspect "$base" >/dev/null 2>&1 && ! timeout 120 docker pull --quiet "$base" >/dev/null 2>&1; then
        { [ -x "$tool" ] && "$tool" base-image; } ||
            echo "docker.sh: there is no $base here: the tests of images cannot build" >&2
    fi
else
    echo "docker.sh: no Docker engine here: the tests that need one are skipped; start one and try again" >&2
fi
"$@"
