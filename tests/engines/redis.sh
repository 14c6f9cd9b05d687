#!/usr/bin/env bash
# redis.sh COMMAND…: runs the command with MLOPSC_TEST_REDIS_URL naming a Redis server of its own.
# The server keeps nothing on disk, is reached through a socket in a temporary folder by its owner alone, and ends with
# the command. Where Redis is neither there nor can be installed (as root, with apt-get), this says so and runs the
# command without: its Redis tests are skipped then.
set -euo pipefail

if [ -n "${MLOPSC_TEST_REDIS_URL:-}" ]; then
    exec "$@"
fi

install() {
    [ "$(id -u)" = 0 ] && command -v apt-get && export DEBIAN_FRONTEND=noninteractive &&
        timeout 120 apt-get -qq update && timeout 300 apt-get -qq install -y --no-install-recommends redis-server
}

start() {
    redis-server --port 0 --unixsocket "$folder/redis.sock" --unixsocketperm 700 --save '' --appendonly no \
        --dir "$folder" --daemonize yes --pidfile "$folder/pid" --logfile "$folder/server" &&
        for _ in $(seq 100); do
            [ "$(redis-cli -s "$folder/redis.sock" ping 2>/dev/null)" = PONG ] && return
            sleep 0.1
        done
    return 1
}

stop() {
    [ ! -S "$folder/redis.sock" ] || redis-cli -s "$folder/redis.sock" shutdown nosave >/dev/null 2>&1 || true
    rm -rf "$folder"
}

folder="$(mktemp -d /tmp/mlopsc-redis.XXXXXX)" # readable by its owner alone; a socket's path must be short
trap stop EXIT
log="$folder/log"
if { command -v redis-server || { install && command -v redis-server; } && start; } >"$log" 2>&1; then
    export MLOPSC_TEST_REDIS_URL="unix://$folder/redis.sock"
    echo "redis.sh: $(redis-server --version | cut -d' ' -f1-3) runs for the tests" >&2
else
    tail -n 5 "$log" >&2
    echo "redis.sh: no Redis here: the tests that need it are skipped" >&2
fi
"$@"
