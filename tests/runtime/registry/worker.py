"""A process of its own that works on a registry; started by test_concurrency.py, prints JSON."""

import json
import sys

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.registry import Candidate, Registry
from mlopsc.runtime.store import Store

MODEL = "late_arrival"


def register(registry: Registry, store: Store, me: int, count: int) -> list[int]:
    """Register `count` models of one's own and return their numbers."""
    blobs = [store.put_bytes(f"{me} {index}".encode()) for index in range(count)]
    print("ready", flush=True)
    sys.stdin.readline()
    return [
        registry.register(
            MODEL, Candidate(artifacts={"model": blob}, stages={"staging": ()}), actor=f"worker {me}"
        ).version.number
        for blob in blobs
    ]


def promote(registry: Registry, store: Store, me: int, count: int) -> list[int]:
    """Promote version `me` again and again, against the champion that was just seen; count successes."""
    print("ready", flush=True)
    sys.stdin.readline()
    won = 0
    for _ in range(count):
        seen = registry.champion(MODEL, "staging")
        try:
            done = registry.promote(
                MODEL,
                me,
                "staging",
                expected_champion=seen.number if seen else None,
                actor=f"worker {me}",
                evidence={},
            )
            won += done.changed
        except RegistryError as error:
            if "was not promoted" not in str(error):
                raise
    return [won]


def main() -> None:
    verb, location, folder, me, count = sys.argv[1:]
    store = Store.open(folder)
    with Registry.open(location, store=store) as registry:
        work = {"register": register, "promote": promote}[verb]
        print(json.dumps(work(registry, store, int(me), int(count))), flush=True)


if __name__ == "__main__":
    main()
