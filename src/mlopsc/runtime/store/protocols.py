"""What differs between remote stores: how a file appears, how to connect, what a client's errors mean."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

S3 = frozenset({"s3", "s3a"})
_WHOLE = S3 | {"gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory"}
_CONNECT_SECONDS, _READ_SECONDS = 10, 60


@dataclass(frozen=True, slots=True)
class Protocol:
    """One scheme of URLs."""

    scheme: str
    whole: bool
    """Whether an upload appears whole or not at all; elsewhere it is uploaded aside and renamed."""

    @classmethod
    def of(cls, url: str) -> "Protocol":
        """Return the protocol of a URL."""
        scheme = url.partition("://")[0]
        return cls(scheme, scheme in _WHOLE)

    @property
    def options(self) -> Mapping[str, Any]:
        """How to open the file system: what others write meanwhile must be seen, and a dead server be noticed.

        Endpoint, credentials, profile, region and number of tries are what AWS's own variables and files say.
        """
        if self.scheme not in S3:
            return {}
        return {
            "use_listings_cache": False,
            "skip_instance_cache": True,
            "config_kwargs": {"connect_timeout": _CONNECT_SECONDS, "read_timeout": _READ_SECONDS},
        }

    @property
    def install(self) -> str:
        """What to do when nothing installed serves the scheme."""
        if self.scheme in S3:
            return 'pip install "mlopsc[s3]"'
        return "install the fsspec implementation of this protocol, e.g. gcsfs or adlfs"

    def fault(self, url: str) -> str | None:
        """Say why a URL cannot be one of this protocol; None when it can."""
        authority = url.partition("://")[2].partition("/")[0]
        if self.scheme not in S3:
            return None
        if "@" in authority:
            return "credentials do not belong in its URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        return None if authority else "it names no bucket: expected s3://BUCKET/PREFIX"


def explain(error: Exception) -> tuple[str, str | None]:
    """Return what a client's exception says, and what to do about it."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    words = str(error) or type(error).__name__
    if "NoCredentialsError" in kinds or "PartialCredentialsError" in kinds:
        return (
            words,
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role",
        )
    if "PermissionError" in kinds:
        help = "the credentials are wrong, or lack a right: reading, writing, listing and deleting below the prefix"
        return words, help
    if kinds & {"EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "HTTPClientError",
                "ConnectionError", "TimeoutError"}:  # fmt: skip
        return (
            words,
            "see that the server is up and its address right, then run again: what is done stays done",
        )
    return words, None


def lacks_bucket(error: FileNotFoundError) -> bool:
    """Whether not only an object is missing, but the bucket that it would be in."""
    answer = getattr(error.__cause__, "response", None) or {}
    return bool(answer.get("Error", {}).get("Code") == "NoSuchBucket")


def unfinished_uploads(fs: Any, root: str, older_than: float) -> Iterator[tuple[str, str, str]]:
    """Yield bucket, key and id of S3 uploads in parts below `root` begun more than so many seconds ago.

    They are invisible to readers, but are paid for.
    """
    bucket, _, prefix = root.partition("/")
    limit = time.time() - older_than
    more: dict[str, str] = {}
    while True:
        page = fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix and f"{prefix}/", **more)
        for upload in page.get("Uploads", ()):
            if upload["Initiated"].timestamp() <= limit:
                yield bucket, upload["Key"], upload["UploadId"]
        if not page.get("IsTruncated"):
            return
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
