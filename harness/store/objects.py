"""A prefix in an object store that speaks S3. An object appears whole or not at all, so nothing is renamed.

pyarrow reads; boto3 writes, since pyarrow cannot say "only if there is none", and uploads in pieces that stay behind
when it is killed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as fs

from harness.errors import FailedError, HarnessError
from harness.store.place import Check, Place

ENDPOINTS, REGIONS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), ("AWS_REGION", "AWS_DEFAULT_REGION")
ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/*")
LAST_PORT = 65535
REGION = "us-east-1"
"""The region named to stores that have none."""
CHUNK = 2**24
ATTEMPTS, CONNECT_SECONDS, READ_SECONDS = 3, 3, 20
THERE, BUSY = "PreconditionFailed", "ConditionalRequestConflict"
"""Error codes of a conditional creation: the object exists; another writer is creating or removing it."""


@dataclass(frozen=True)
class Objects(Place):
    """Objects by their names under a prefix, BUCKET/PATH. All methods raise `FailedError` if the store refuses; a
    missing object is FileNotFoundError.
    """

    prefix: str
    endpoint: str | None
    region: str

    @classmethod
    def at(cls, path: str, names: Iterable[str], endpoint: str | None) -> Objects:
        """The prefix PATH/NAME/.. in a store. endpoint: its address, or the environment's. Raises `HarnessError`."""
        prefix = "/".join(name for name in path.split("/") if name)
        if not prefix:
            raise HarnessError("s3://: no bucket given; expected s3://BUCKET/PREFIX")
        prefix = "/".join([prefix, *names])
        where, endpoint = ("--endpoint", endpoint) if endpoint is not None else _environment(ENDPOINTS)
        if endpoint is not None:
            return cls(prefix, _address(endpoint, where), _environment(REGIONS)[1] or REGION)
        with _failures(f"s3://{prefix}"):
            return cls(prefix, None, fs.resolve_s3_region(prefix.split("/")[0]))

    def __str__(self) -> str:
        return f"s3://{self.prefix}"

    def make(self, folders: Iterable[str]) -> None:
        """Check that the bucket is there and may be used: it has no folders to make."""
        with self._writing("") as client:
            client.list_objects_v2(**self._object(""), MaxKeys=1)

    def read(self, name: str, most: int | None = None) -> bytes:
        with _failures(f"{self}/{name}"), self._files.open_input_stream(self._path(name)) as stream:
            data = bytes(stream.read() if most is None else stream.read(most + 1))
        if most is not None and len(data) > most:
            raise OSError(errno.EFBIG, f"expected at most {most:,} bytes", f"{self}/{name}")
        return data

    def sizes(self, folder: str) -> dict[str, int]:
        with _failures(f"{self}/{folder}"):
            infos = self._files.get_file_info(fs.FileSelector(self._path(folder), allow_not_found=True))
        names = {self._name(info.path): info.size for info in infos if info.type == fs.FileType.File}
        return {name: names[name] for name in sorted(names)}

    def names(self, folder: str) -> list[str]:
        with _failures(f"{self}/{folder}"):
            infos = self._files.get_file_info(fs.FileSelector(self._path(folder), allow_not_found=True))
        return sorted(self._name(info.path) for info in infos)

    def digest(self, name: str) -> tuple[int, str]:
        hashed, size = hashlib.sha256(), 0
        with suppress(FileNotFoundError), _failures(f"{self}/{name}"):
            with self._files.open_input_stream(self._path(name)) as stream:
                while chunk := stream.read(CHUNK):
                    hashed.update(chunk)
                    size += len(chunk)
            return size, hashed.hexdigest()
        return -1, ""

    def write(self, name: str, data: Any, check: Check | None = None) -> None:
        """As for any place; check is not called, since the store itself compares the object's checksum."""
        with self._writing(name) as client:
            client.put_object(**self._object(name), Body=pa.BufferReader(data))

    def create(self, name: str, data: Any) -> bool:
        with self._writing(name) as client:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    client.put_object(**self._object(name), Body=bytes(data), IfNoneMatch="*")
                    break
                except client.exceptions.ClientError as error:
                    code = error.response["Error"]["Code"]
                    if code == THERE:
                        return False
                    if code != BUSY or attempt == ATTEMPTS:
                        raise
        return True

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            with self._writing(name) as client:
                client.delete_object(**self._object(name))

    def dataset(self, names: Sequence[str]) -> ds.Dataset:
        return ds.dataset([self._path(name) for name in names], format="parquet", filesystem=self._files)

    def _path(self, name: str) -> str:
        return f"{self.prefix}/{name}".rstrip("/")

    def _name(self, path: str) -> str:
        return path.removeprefix(f"{self.prefix}/")

    def _object(self, name: str) -> dict[str, str]:
        bucket, _, key = self._path(name).partition("/")
        return {"Bucket": bucket, "Key" if name else "Prefix": key}

    @property
    def _files(self) -> fs.FileSystem:
        return _reader(self.endpoint, self.region)

    @contextmanager
    def _writing(self, name: str) -> Iterator[Any]:
        """Give the client that writes, for changing this object; turn what it raises into `FailedError`."""
        client = _writer(self.endpoint, self.region)
        from botocore.exceptions import BotoCoreError, ClientError

        with _failures(f"{self}/{name}", (BotoCoreError, ClientError)):
            yield client


@lru_cache
def _reader(endpoint: str | None, region: str) -> fs.FileSystem:
    scheme, _, host = (endpoint or "https://").partition("://")
    return fs.S3FileSystem(
        endpoint_override=host or None,
        scheme=scheme,
        region=region,
        connect_timeout=CONNECT_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )


@lru_cache
def _writer(endpoint: str | None, region: str) -> Any:
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError:
        raise FailedError("writing to an object store needs boto3: pip install backprop-harness[s3]") from None
    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    return Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)


def _environment(names: Iterable[str]) -> tuple[str, str | None]:
    """The first of these variables that is set and not empty, and its value; None if there is none."""
    return next(((name, os.environ[name]) for name in names if os.environ.get(name)), ("", None))


def _address(endpoint: str, where: str) -> str:
    """The address of a store. where: what gave it. Raises `HarnessError`: one without a host would mean Amazon's."""
    if not (found := ADDRESS.fullmatch(endpoint)) or int(found["port"] or 0) > LAST_PORT:
        raise HarnessError(
            f"{where} {endpoint!r}: expected the address of a store, as http://HOST:PORT or https://HOST"
        )
    return endpoint.rstrip("/")


@contextmanager
def _failures(where: str, refusals: tuple[Any, ...] = ()) -> Iterator[None]:
    """Turn errors of the store into `FailedError`, one line that says where. refusals: further classes of errors."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError, *refusals) as error:
        reason = " ".join(str(error).split())
        raise FailedError(f"{where.rstrip('/')}: {reason}; the same command goes on from what is there") from error
