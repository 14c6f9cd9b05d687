"""A step of `prefect deploy`: a work pool that would drop what a deployment asks for is refused."""

from collections.abc import Sequence

from mlopsc.diagnostics.errors import MlopscError


def require_variables(work_pool: str, variables: Sequence[str]) -> dict[str, str]:
    """Raise MlopscError unless the pool's job template has all these variables; Prefect ignores unknown ones."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        pool = client.read_work_pool(work_pool)
    known = pool.base_job_template.get("variables", {}).get("properties", {})
    missing = [name for name in variables if name not in known]
    if missing:
        raise MlopscError(
            f"the job template of work pool {work_pool!r} ({pool.type}) has no variable "
            f"{', '.join(missing)}: it would be ignored",
            help="add it to the pool's base job template, or remove from the spec what asks for it",
        )
    return {}
