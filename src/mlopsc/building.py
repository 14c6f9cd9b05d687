"""From a spec's path to a plan: compiled, checked for targets, remembered.

Nothing heavy is imported before it is needed: a plan that is remembered needs no compiler.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlopsc.compiled import Build, Witness, recall, remember
from mlopsc.diagnostics.errors import UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.targets import Backend, Runner, Submitter, backend_names, find_backend, runner_names

if TYPE_CHECKING:
    from mlopsc.compiler.compile import Compiled


def check_spec(
    path: Path,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    targets: Sequence[str] = (),
    training: str | None = None,
    locked: bool = False,
    serving: bool = False,
    peek: Witness | None = None,
) -> "Compiled":
    """Compile a spec, for the targets too if any are named; the outcome holds every diagnostic.

    The plan has the pipeline that fills the online store with `serving`, or when a target wants it.

    Raises UsageError for an unknown target or training.
    """
    from mlopsc.compiler.capabilities import check_target
    from mlopsc.compiler.compile import compile_file
    from mlopsc.diagnostics.diagnostic import has_errors, in_order

    backends = [backend(name) for name in dict.fromkeys(targets)]
    with peek or Witness() as witness:
        compiled = compile_file(
            path,
            peek=witness,
            environment=environment,
            overrides=variables,
            training=training,
            locked=locked,
            serving=serving or any(getattr(one, "serving", False) for one in backends),
        )
    if compiled.plan is None:
        return compiled
    faults = [fault for one in backends for fault in check_target(compiled.analysis, compiled.plan, one)]
    diagnostics = tuple(in_order([*compiled.diagnostics, *faults]))
    return replace(compiled, diagnostics=diagnostics, plan=None if has_errors(diagnostics) else compiled.plan)


def build_plan(
    path: Path,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    target: str,
    training: str | None = None,
    locked: bool = False,
    serving: bool = False,
) -> Build:
    """Return a spec's plan for a target with its warnings: remembered, or compiled and then remembered.

    Raises SpecError with the diagnostics when the spec has faults, UsageError for an unknown target or training.
    """
    asked = {
        "environment": environment,
        "variables": dict(variables or {}),
        "target": target,
        "training": training,
        "locked": locked,
        "serving": serving,
    }
    found, key = recall(path, asked)
    if found is not None:
        return found
    witness = Witness()
    compiled = check_spec(
        path,
        environment=environment,
        variables=variables,
        targets=[target],
        training=training,
        locked=locked,
        serving=serving,
        peek=witness,
    )
    build = Build(compiled.require(), compiled.diagnostics)
    if witness.complete:
        remember(path, key, build, witness.looked_at(compiled.analysis.spec.document.value, path.parent))
    return build


def backend(name: str) -> Backend:
    """Return an installed backend; raises UsageError when there is none of this name."""
    if name not in backend_names():
        raise UsageError(
            f"unknown target {name!r}", help=did_you_mean(name, backend_names(), noun="installed:")
        )
    return find_backend(name)


def runner(name: str) -> Runner:
    """Return an installed backend that runs pipelines; raises UsageError when there is none of this name."""
    found = backend(name)
    if not isinstance(found, Runner):
        raise UsageError(
            f"target {name!r} generates files and runs nothing by itself",
            help=f"generate them: mlopsc compile --target {name} --out DIR; "
            f"these targets run: {', '.join(runner_names())}",
        )
    return found


def submitter(name: str) -> Submitter:
    """Return an installed backend that hands pipelines to a server; raises UsageError for any other."""
    found = runner(name)
    if not isinstance(found, Submitter):
        raise UsageError(
            f"--host: target {name!r} hands its runs to no server by that option",
            help="`--host` goes with --target kfp",
        )
    return found
