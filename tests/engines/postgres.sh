#!/usr/bin/env bash
# postgres.sh COMMAND…: runs the command with MLOPSC_TEST_POSTGRES_URL naming a PostgreSQL server of its own.
# The server keeps its files in a temporary folder, is reached through a socket in it by its owner alone, and ends
# with the command. Where PostgreSQL is neither there nor can be installed (as root, with apt-get), this says so
# and runs the command without: its PostgreSQL tests are skipped then.
set -euo pipefail

if [ -n "${MLOPSC_TEST_POSTGRES_URL:-}" ]; then
    exec "$@"
fi

find_programs() { # the folder of initdb and pg_ctl; of several versions the newest
    local found
    found="$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)" ||
        found="$(command -v initdb)" || return
    dirname "$found"
}

install() {
    [ "$(id -u)" = 0 ] && command -v apt-get && export DEBIAN_FRONTEND=noninteractive &&
        timeout 120 apt-get -qq update && timeout 300 apt-get -qq install -y postgresql
}

as_owner() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

start() {
    { [ "$(id -u)" != 0 ] || chown postgres "$folder"; } &&
        as_owner "$programs/initdb" -D "$folder/data" -U mlopsc -A trust -E UTF8 --locale=C --no-sync &&
        as_owner "$programs/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server" start \
            -o "-c listen_addresses= -c unix_socket_directories=$folder -c fsync=off"
}

stop() {
    [ ! -f "$folder/data/postmaster.pid" ] || as_owner "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null
    rm -rf "$folder"
}

folder="$(mktemp -d /tmp/mlopsc-postgres.XXXXXX)" # readable by its owner alone; a socket's path must be short
trap stop EXIT
log="$folder/log"
if { programs="$(find_programs)" || { install && programs="$(find_programs)"; } && start; } >"$log" 2>&1; then
    export MLOPSC_TEST_POSTGRES_URL="postgresql+psycopg://mlopsc@/postgres?host=$folder"
    echo "postgres.sh: $("$programs/postgres" --version) runs for the tests" >&2
else
    tail -n 5 "$log" >&2
    echo "postgres.sh: no PostgreSQL here: the tests that need it are skipped" >&2
fi
"$@"
