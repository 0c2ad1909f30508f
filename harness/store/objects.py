"""A prefix in an object store that speaks S3. An object appears whole or not at all, so nothing is renamed.

pyarrow reads and writes the data. It cannot say "only if there is none", which the log needs: that is boto3's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow.fs as fs

from harness.errors import FailedError
from harness.store.disk import Check

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
CHUNK = 2**24
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
"""What a store answers to a conditional creation: the object is there; or another writer is about to put it there."""


class Objects:
    """Objects by their names under a prefix."""

    exclusive = False
    """Others may write here at the same time: the same names with the same bytes."""

    def __init__(self, prefix: str, endpoint: str | None) -> None:
        self.prefix = prefix
        self.endpoint = endpoint or next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)
        scheme, _, host = (self.endpoint or "").rpartition("://")
        with self._failures(""):
            self._files = fs.S3FileSystem(endpoint_override=host or None, scheme=scheme or "https")

    def __str__(self) -> str:
        return f"s3://{self.prefix}"

    def make(self, folders: Iterable[str]) -> None:
        """Nothing: an object store has no folders."""

    def read(self, name: str) -> bytes:
        """All of an object. Raises OSError."""
        with self._files.open_input_stream(self._path(name)) as stream:
            return bytes(stream.read())

    def sizes(self, folder: str) -> dict[str, int]:
        """The objects right under a folder and their bytes."""
        path = self._path(folder) if folder else self.prefix
        with self._failures(folder):
            infos = self._files.get_file_info(fs.FileSelector(path, allow_not_found=True))
        files = [info for info in infos if info.type == fs.FileType.File]
        return {
            f"{folder}/{info.base_name}".lstrip("/"): info.size for info in sorted(files, key=lambda info: info.path)
        }

    def digest(self, name: str) -> tuple[int, str]:
        """Bytes and SHA-256 of an object; (-1, "") if it cannot be read."""
        hashed, size = hashlib.sha256(), 0
        try:
            with self._files.open_input_stream(self._path(name)) as stream:
                while chunk := stream.read(CHUNK):
                    hashed.update(chunk)
                    size += len(chunk)
        except OSError:
            return -1, ""
        return size, hashed.hexdigest()

    def write(self, name: str, data: Any, check: Check | None = None) -> None:
        """Put an object in place, or in place of another."""
        with self._failures(name, len(data)):
            with self._files.open_output_stream(self._path(name)) as stream:
                stream.write(data)
            if check is not None:
                with self._files.open_input_file(self._path(name)) as again:
                    check(again)

    def create(self, name: str, data: Any) -> bool:
        """Put an object in place unless there is one; whether it is the new one."""
        from botocore.exceptions import BotoCoreError, ClientError

        bucket, _, key = self._path(name).partition("/")
        try:
            self._client().put_object(Bucket=bucket, Key=key, Body=bytes(data), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in TAKEN:
                return False
            raise FailedError(f"{self}/{name}: {error}") from error
        except BotoCoreError as error:
            raise FailedError(f"{self}/{name}: {error}") from error
        return True

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects, if they are there."""
        for name in names:
            with self._failures(name):
                try:
                    self._files.delete_file(self._path(name))
                except FileNotFoundError:
                    continue

    def tidy(self) -> None:
        """Nothing: what was not written whole is not there."""

    def staged(self) -> Objects:
        """An object store cannot put one prefix in place of another."""
        raise FailedError(f"{self}: an object store cannot replace results at one instant; give another --results")

    def take_over(self) -> None:
        """Nothing is ever staged."""

    def recover(self) -> None:
        """Nothing is ever cut short."""

    def free(self) -> None:
        """Nobody knows."""

    def dataset(self, folder: str) -> tuple[str, fs.FileSystem]:
        """Where `pyarrow.dataset` finds the files of a folder."""
        return self._path(folder), self._files

    def _path(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def _client(self) -> Any:
        try:
            import boto3
        except ImportError:
            raise FailedError(
                f"{self}: writing to an object store needs boto3: pip install backprop-harness[s3]"
            ) from None
        return boto3.client("s3", endpoint_url=self.endpoint)

    @contextmanager
    def _failures(self, name: str, needed: int = 0) -> Iterator[None]:
        """What the store refuses, in one line."""
        try:
            yield
        except OSError as error:
            reason = " ".join(str(error).split())
            room = f" ({needed:,} bytes)" if needed else ""
            where = f"{self}/{name}" if name else str(self)
            raise FailedError(f"{where}{room}: {reason}; the same command goes on from what is there") from error
