"""Objects in a server that speaks S3: MinIO, JuiceFS's gateway, AWS and others. Their names are `tenant/key`."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError, ProtocolError

from shared.errors import NotFound, Permanent, Retryable
from shared.objectstore.port import Entry, check_key, check_size, check_tenant

_PART = 5 << 20  # the least that S3 takes as a part of an upload, and what one upload holds in memory
_PIECE = 1 << 20
_CONNECT_SECONDS = 2
_SILENCE_SECONDS = 30
_CONNECTIONS = 32
_ATTEMPTS = 10
_FORM = "s3://ACCESS:SECRET@host:9000?secure=false"
_OPTIONS = {"secure", "region"}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"}
_FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"}
_NOT_THERE = {"NoSuchKey", "NoSuchObject"}


class S3ObjectStore:
    """One bucket of an S3 server. See `ObjectStore` for what each method promises.

    Refused credentials are `Retryable` too: the pictures are not at fault, and wait until an operator has put it right.
    S3 itself lets a key be the folder of another; a server that keeps objects as files refuses it with `Permanent`.
    """

    def __init__(self, url: SplitResult, bucket: str, public: SplitResult | None = None) -> None:
        """Reach the server and make the bucket if it is missing. A path in the URL comes before the bucket's name.

        `public` is the server's address for those outside, who are given signed addresses at it.
        """
        check_tenant(bucket)
        options = _options(url)
        self._address = f"{url.hostname}:{url.port}" if url.port else str(url.hostname)
        before = url.path.strip("/")
        self._bucket = f"{before}-{bucket}" if before else bucket
        self._client = Minio(
            endpoint=self._address,
            access_key=unquote(url.username or ""),
            secret_key=unquote(url.password or ""),
            secure=options.get("secure", "true") == "true",
            region=options.get("region"),
            http_client=PoolManager(
                timeout=Timeout(connect=_CONNECT_SECONDS, read=_SILENCE_SECONDS),
                maxsize=_CONNECTIONS,
                retries=Retry(total=1, backoff_factor=0.1),  # whoever calls tries again, at growing pauses
            ),
        )
        with self._translated():
            self._make_bucket()
            self._public = self._outside(url, public) if public else None

    def put(self, tenant: str, key: str, data: bytes | BinaryIO) -> None:
        name = _name(tenant, key)
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        with self._translated():
            for _ in range(_ATTEMPTS):
                here = source.tell() if source.seekable() else None
                try:
                    return self._upload(name, source)
                except S3Error as error:
                    if error.code in _NOT_THERE and here is not None:
                        source.seek(here)  # on a server of files, a delete beside us removed the folder: again
                        continue
                    if error.code == "InternalError" and self._clashes(name):
                        raise Permanent(
                            f"The object {key!r} cannot be written: its key is the folder of another object's, or the "
                            "other way round. Choose another key."
                        ) from error
                    raise
        raise Retryable(f"The folder of an object in {self._bucket!r} was removed again and again; try again.")

    def get(self, tenant: str, key: str, *, at_most: int | None = None) -> bytes:
        name = _name(tenant, key)
        with self._translated():
            for _ in range(_ATTEMPTS - 1):
                try:
                    return self._read(name, key, at_most)
                except S3Error as error:
                    if error.code != "InternalError":
                        raise
                except ProtocolError:
                    pass  # a server of files takes away what we read when a put replaces it: again, from the new one
            return self._read(name, key, at_most)

    def fetch(self, tenant: str, key: str, target: BinaryIO) -> None:
        name = _name(tenant, key)
        with self._translated():
            try:
                response = self._client.get_object(bucket_name=self._bucket, object_name=name)
            except S3Error as error:
                if error.code in _NOT_THERE:
                    raise NotFound(f"There is no object {key!r} in the bucket {self._bucket!r}.") from None
                raise
            try:
                for piece in response.stream(_PIECE):
                    target.write(piece)
            finally:
                response.release_conn()

    def exists(self, tenant: str, key: str) -> bool:
        name = _name(tenant, key)
        with self._translated():
            return self._has(name)

    def delete(self, tenant: str, key: str) -> None:
        name = _name(tenant, key)
        with self._translated():
            try:
                self._client.remove_object(bucket_name=self._bucket, object_name=name)
            except S3Error as error:
                if error.code not in _NOT_THERE:
                    raise

    def keys(self, tenant: str, prefix: str = "") -> Iterator[str]:
        for entry in self.entries(tenant, prefix):
            yield entry.key

    def entries(self, tenant: str, prefix: str = "") -> Iterator[Entry]:
        check_tenant(tenant)
        with self._translated():
            for found in self._client.list_objects(
                bucket_name=self._bucket, prefix=f"{tenant}/{prefix}", recursive=True
            ):
                key = str(found.object_name).removeprefix(f"{tenant}/")
                yield Entry(key, (found.last_modified or datetime.now(UTC)).astimezone(UTC))

    def upload_url(self, tenant: str, key: str, seconds: int) -> str | None:
        name = _name(tenant, key)
        if self._public is None:
            return None
        with self._translated():
            return str(
                self._public.presigned_put_object(
                    bucket_name=self._bucket, object_name=name, expires=timedelta(seconds=seconds)
                )
            )

    def ping(self) -> None:
        with self._translated():  # no tenant starts with a dot, so this is no tenant's object
            self._upload(".ping", io.BytesIO(b"ping"))

    def _upload(self, name: str, source: BinaryIO) -> None:
        self._client.put_object(
            bucket_name=self._bucket, object_name=name, data=source, length=_length(source), part_size=_PART
        )

    def _read(self, name: str, key: str, at_most: int | None) -> bytes:
        try:
            response = self._client.get_object(bucket_name=self._bucket, object_name=name)
        except S3Error as error:
            if error.code in _NOT_THERE:
                raise NotFound(f"There is no object {key!r} in the bucket {self._bucket!r}.") from None
            raise
        try:
            size = int(response.headers.get("Content-Length", 0))
            if at_most is not None and size > at_most:
                response.close()  # the rest is not wanted, so the connection cannot be used again
            check_size(key, size, at_most)
            return response.read()
        finally:
            response.release_conn()

    def _has(self, name: str) -> bool:
        try:
            self._client.stat_object(bucket_name=self._bucket, object_name=name)
        except S3Error as error:
            if error.code in _NOT_THERE:
                return False
            raise
        return True

    def _clashes(self, name: str) -> bool:
        parts = name.split("/")
        above = ("/".join(parts[:depth]) for depth in range(2, len(parts)))
        below = self._client.list_objects(bucket_name=self._bucket, prefix=name + "/", recursive=True)
        return any(self._has(folder) for folder in above) or next(iter(below), None) is not None

    def _outside(self, url: SplitResult, public: SplitResult) -> Minio:
        """Signs alone. The region is told, else it would be asked for at an address that may not be reached from here:
        it is that by which the server itself is signed to, the third of `ACCESS/DAY/REGION/s3/aws4_request`."""
        if public.scheme not in ("http", "https") or not public.hostname or public.path.strip("/"):
            raise Permanent("The object store's public URL is an http:// or https:// address without a path.")
        signed = self._client.presigned_put_object(bucket_name=self._bucket, object_name=".ping")
        credential = dict(parse_qsl(urlsplit(signed).query))["X-Amz-Credential"]
        return Minio(
            endpoint=public.netloc,
            access_key=unquote(url.username or ""),
            secret_key=unquote(url.password or ""),
            secure=public.scheme == "https",
            region=credential.split("/")[-3],
        )

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(bucket_name=self._bucket):
            return
        try:
            self._client.make_bucket(bucket_name=self._bucket)
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":  # another process was faster
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            raise Retryable(self._said(error)) from error
        except (HTTPError, InvalidResponseError, ServerError, OSError) as error:
            raise Retryable(
                f"The object store at {self._address} does not answer ({type(error).__name__}). "
                "See that it runs, and that OBJECT_STORE_URL names it, with secure=false if it speaks no TLS."
            ) from error

    def _said(self, error: S3Error) -> str:
        where = f"The object store at {self._address}"
        if error.code in _REFUSED:
            return (
                f"{where} refuses the credentials in OBJECT_STORE_URL for the bucket {self._bucket!r} ({error.code}). "
                "See that access key, secret and region are those of the server and may read and write there."
            )
        if error.code in _FULL:
            return f"{where} has no room left ({error.code}). Make room, or raise its quota."
        if error.code == "RequestTimeTooSkewed":
            return f"{where} has another time of day than this machine ({error.code}). Set both clocks right."
        if error.code == "NoSuchBucket":
            return f"{where} has lost the bucket {self._bucket!r}. Restore it; a restart of Loupe makes an empty one."
        return f"{where} failed in the bucket {self._bucket!r} ({error.code}). Its own log tells more."


def _options(url: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    if not url.hostname or not url.username or not url.password:
        raise Permanent(f"An s3:// URL has a host, an access key and a secret: {_FORM}")
    if not options.keys() <= _OPTIONS or options.get("secure", "true") not in ("true", "false"):
        raise Permanent(f"An s3:// URL takes the options secure=true or false, and region=...: {_FORM}")
    return options


def _name(tenant: str, key: str) -> str:
    check_tenant(tenant)
    check_key(key)
    return f"{tenant}/{key}"


def _length(source: BinaryIO) -> int:
    """How many bytes are left in it, -1 when only reading can tell."""
    if not source.seekable():
        return -1
    here = source.tell()
    end = source.seek(0, os.SEEK_END)
    source.seek(here)
    return end - here
