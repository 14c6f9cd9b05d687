"""An online store in Redis: each materialization is a hash of its own, and one script moves a view on to it.

`mlopsc:{PROJECT}:views` is a hash of states, each with the name of its hash of values;
`mlopsc:{PROJECT}:trainings` says what trainings are served. Scripts are atomic, so a reader sees a view whole, and the
values that are replaced go in the moment in which nobody can want them any more. What a killed writer leaves expires.
The braces keep a project on one node of a cluster.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from mlopsc.diagnostics.errors import MlopscError, OnlineStoreError
from mlopsc.runtime.online.state import Outcome, Row, ViewState

_BATCH = 5000
_LEFT_SECONDS = 24 * 3600
"""How long the values of a materialization that never ended stay."""

_SHOW = """
local held = redis.call('hget', KEYS[1], ARGV[1])
if held then
  local parts = cjson.decode(held)
  if parts.order > ARGV[3] then
    redis.call('unlink', ARGV[4])
    return 0
  end
  if parts.values ~= ARGV[4] then redis.call('unlink', parts.values) end
end
redis.call('persist', ARGV[4])
redis.call('hset', KEYS[1], ARGV[1], ARGV[2])
for i = 5, #ARGV, 2 do redis.call('hset', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
"""
_READ = """
local held = redis.call('hget', KEYS[1], ARGV[1])
if not held then return {} end
if held ~= ARGV[2] then return {held} end
local values, where = {}, cjson.decode(held).values
for i = 3, #ARGV, 1000 do
  local part = redis.call('hmget', where, unpack(ARGV, i, math.min(i + 999, #ARGV)))
  for j = 1, #part do values[i + j - 3] = part[j] end
end
return {held, values}
"""
_FORGET = """
local held = redis.call('hget', KEYS[1], ARGV[1])
if held then
  redis.call('unlink', cjson.decode(held).values)
  redis.call('hdel', KEYS[1], ARGV[1])
end
"""


class RedisStore:
    """See `OnlineStore`."""

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ModuleNotFoundError:
            raise OnlineStoreError(
                "an online store in Redis needs the module 'redis'", help='pip install "mlopsc[redis]"'
            ) from None
        self._errors = (redis.RedisError, OSError)
        try:
            self._client: Any = redis.Redis.from_url(
                url, decode_responses=True, socket_connect_timeout=10, socket_timeout=60
            )
        except ValueError:
            # Not the library's words: they may hold what stands in the URL.
            raise OnlineStoreError(
                "the online store's URL cannot be read",
                help="expected redis://HOST:PORT/DATABASE; percent-encode special characters of a password",
            ) from None
        self._show, self._read, self._forget = map(self._client.register_script, (_SHOW, _READ, _FORGET))
        self._known: dict[tuple[str, str], str] = {}

    def replace(
        self,
        project: str,
        state: ViewState,
        rows: Iterable[Row],
        trainings: Mapping[str, str],
        guard: Callable[[], None],
    ) -> Outcome:
        """Write the values beside those that are there, then show them."""
        values = f"{_prefix(project)}:values:{state.view}:{uuid.uuid4().hex}"
        count = 0
        with self._faults():
            try:
                waiting = iter(rows)
                while batch := list(islice(waiting, _BATCH)):
                    with self._client.pipeline(transaction=True) as pipe:
                        pipe.hset(values, mapping=dict(batch))
                        pipe.expire(values, _LEFT_SECONDS)
                        pipe.execute()
                    count += len(batch)
                guard()
                shown = self._show(
                    keys=[f"{_prefix(project)}:views", f"{_prefix(project)}:trainings"],
                    args=[
                        state.view,
                        _held(state.counted(count), values),
                        _order(state),
                        values,
                        *(part for pair in trainings.items() for part in pair),
                    ],
                )
            except BaseException:
                with contextlib.suppress(*self._errors):
                    self._client.unlink(values)
                raise
        return "written" if shown else "superseded"

    def states(self, project: str) -> tuple[ViewState, ...]:
        """Return all views of a project, by name."""
        with self._faults():
            found: dict[str, str] = self._client.hgetall(f"{_prefix(project)}:views")
        return tuple(_state(found[view]) for view in sorted(found))

    def trainings(self, project: str) -> Mapping[str, str]:
        """Return what trainings are served."""
        with self._faults():
            found: dict[str, str] = self._client.hgetall(f"{_prefix(project)}:trainings")
        return found

    def read(
        self, project: str, keys: Callable[[ViewState], Sequence[str]], views: Sequence[str]
    ) -> dict[str, tuple[ViewState, dict[str, str]]]:
        """Ask with what was known of each view; where that has changed, ask again with what is known now."""
        found: dict[str, tuple[ViewState, dict[str, str]]] = {}
        waiting = list(views)
        with self._faults():
            while waiting:
                wanted = {view: self._wanted(project, view, keys) for view in waiting}
                with self._client.pipeline(transaction=False) as pipe:
                    for view, (known, texts) in wanted.items():
                        self._read(
                            keys=[f"{_prefix(project)}:views"], args=[view, known, *texts], client=pipe
                        )
                    answers = pipe.execute()
                again = []
                for view, answer in zip(waiting, answers, strict=True):
                    if len(answer) == 2:
                        held, values = answer
                        pairs = zip(wanted[view][1], values, strict=False)
                        found[view] = (
                            _state(held),
                            {key: value for key, value in pairs if value is not None},
                        )
                    elif answer:
                        self._known[project, view] = answer[0]
                        again.append(view)
                waiting = again
        return found

    def _wanted(
        self, project: str, view: str, keys: Callable[[ViewState], Sequence[str]]
    ) -> tuple[str, Sequence[str]]:
        known = self._known.get((project, view), "")
        return known, keys(_state(known)) if known else ()

    def forget(self, project: str, views: Sequence[str]) -> None:
        """Remove views with their values."""
        with self._faults():
            for view in views:
                self._forget(keys=[f"{_prefix(project)}:views"], args=[view])

    def close(self) -> None:
        """Give back the connections."""
        with contextlib.suppress(*self._errors):
            self._client.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except MlopscError:
            raise
        except self._errors as error:
            words = str(error).partition("\n")[0]
            help = "see that the server is up, and the URL's host, port and password right, then run again"
            raise OnlineStoreError(f"the online store in Redis failed: {words}", help=help) from None


def _prefix(project: str) -> str:
    return f"mlopsc:{{{project}}}"


def _order(state: ViewState) -> str:
    """Return the instant as a text that sorts as instants do."""
    return state.until.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _held(state: ViewState, values: str) -> str:
    import json

    return json.dumps({"order": _order(state), "values": values, "state": state.to_json()})


def _state(held: str) -> ViewState:
    import json

    return ViewState.from_json(json.loads(held)["state"])
