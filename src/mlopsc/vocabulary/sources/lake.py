"""Tables of a lake as sources, which keep their earlier states: Delta and Iceberg."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.references import ParameterReference
from mlopsc.vocabulary.sources.base import SecretHandle, check_path
from mlopsc.vocabulary.time import Timestamp

_Text = Annotated[str, StringConstraints(min_length=1)]


class DeltaSource(Frozen):
    """A Delta table; rows are put in order, by the primary key and then by all columns: they have none there."""

    type: Literal["delta"] = "delta"
    path: _Text
    """The table's folder, relative to the project, or a URL (`s3://…`)."""
    version: Annotated[int, Field(ge=0)] | None = None
    """The version to read; without it and `timestamp`, the newest."""
    timestamp: Timestamp | ParameterReference | None = None
    """Read the newest version that was there at this instant."""
    storage_options: dict[str, SecretHandle | str | int | bool] = {}
    """Options of delta-rs for the URL's store; what is secret is written `{secret: name}`."""

    @model_validator(mode="after")
    def _sensible(self) -> "DeltaSource":
        check_path(self.path)
        if self.version is not None and self.timestamp is not None:
            raise ValueError("`version` and `timestamp` exclude each other")
        if self.storage_options and "://" not in self.path:
            raise ValueError("`storage_options` belong to a URL; `path` is a local path")
        return self


class IcebergSource(Frozen):
    """An Iceberg table; rows are put in order, by the primary key and then by all columns: they have none there."""

    type: Literal["iceberg"] = "iceberg"
    table: _Text | None = None
    """The table's name in the catalog, `namespace.table`."""
    catalog: dict[str, SecretHandle | str | int | bool] = {}
    """Properties of the catalog as pyiceberg knows them (`type: rest`, `uri`, `warehouse`, …), and its `name` where it
    is not `default`; what is secret is written `{secret: name}`."""
    metadata: _Text | None = None
    """Instead of a catalog, the table's metadata file: a path of the project or a URL, `….metadata.json`."""
    snapshot_id: Annotated[int, Field(ge=0)] | None = None
    """The snapshot to read; without it and `as_of`, the current one."""
    as_of: Timestamp | ParameterReference | None = None
    """Read the snapshot that was current at this instant."""
    storage_options: dict[str, SecretHandle | str | int | bool] = {}
    """Properties of pyiceberg's file access, beside `metadata`; what is secret is written `{secret: name}`."""

    @model_validator(mode="after")
    def _sensible(self) -> "IcebergSource":
        if (self.table is None) == (self.metadata is None):
            raise ValueError("an iceberg source needs exactly one of `table`, with `catalog`, and `metadata`")
        if self.table is not None and not self.catalog:
            raise ValueError("`table` needs `catalog`: the properties by which its catalog is reached")
        if self.table is not None and "." not in self.table:
            raise ValueError(f"`table` is {self.table!r}: expected `namespace.table`")
        if self.metadata is not None:
            check_path(self.metadata)
        if self.metadata is not None and self.catalog:
            raise ValueError("`catalog` belongs to `table`; beside `metadata` write `storage_options`")
        if self.table is not None and self.storage_options:
            raise ValueError(
                "`storage_options` belong to `metadata`; beside `table` write them into `catalog`"
            )
        if self.snapshot_id is not None and self.as_of is not None:
            raise ValueError("`snapshot_id` and `as_of` exclude each other")
        return self
