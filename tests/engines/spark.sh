#!/usr/bin/env bash
# spark.sh COMMAND…: runs the command where there is a Java for Spark: 17 or later, from the path or JAVA_HOME, else
# installed (as root, with apt-get). Where there is none and none can be installed, this says so and runs the command
# without: its Spark tests are skipped then.
set -euo pipefail

java_is_there() { command -v java || [ -x "${JAVA_HOME:-/nowhere}/bin/java" ]; }

install() {
    [ "$(id -u)" = 0 ] && command -v apt-get && export DEBIAN_FRONTEND=noninteractive &&
        timeout 120 apt-get -qq update && timeout 600 apt-get -qq install -y --no-install-recommends openjdk-17-jre-headless
}

log="$(mktemp /tmp/mlopsc-spark.XXXXXX)"
trap 'rm -f "$log"' EXIT
if { java_is_there || install; } >"$log" 2>&1 && java_is_there >/dev/null; then
    echo "spark.sh: $(java -version 2>&1 | head -n 1) runs Spark for the tests" >&2
else
    tail -n 5 "$log" >&2
    echo "spark.sh: no Java here: the tests that need Spark are skipped" >&2
fi
"$@"
