"""The collections of a Qdrant server, or of the Python client's own small engine; an alias names the active one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from qdrant_client import QdrantClient, models

from shared.errors import Conflict, Permanent, Retryable
from shared.vectorstore.points import checked_name
from shared.vectorstore.port import Active, Payload, VectorStore
from shared.vectorstore.qdrant_connection import Connection, connect, open_folder, open_memory
from shared.vectorstore.qdrant_store import QdrantStore

__all__ = ["Connection", "QdrantDirectory", "connect", "open_folder", "open_memory"]


class QdrantDirectory:
    """The collections over `connection`. See `Directory` for what each method promises.

    What is told of a collection at the switch is kept as its metadata.
    """

    def __init__(self, connection: Connection, alias: str) -> None:
        self._alias = checked_name(alias)
        self._connection = connection
        self._open = True
        connection.acquire()

    def open(self, name: str, dimension: int) -> VectorStore:
        return QdrantStore(self._connection, checked_name(name), dimension)

    def active(self) -> Active | None:
        with self._calling() as client:
            name = self._target(client)
            if name is None:
                return None
            return Active(name, client.get_collection(name).config.metadata or {})

    def switch(self, name: str, about: Payload) -> None:
        with self._calling() as client:
            if not client.collection_exists(name):
                raise Conflict(f"There is no collection {name!r} to switch to.")
            client.update_collection(name, metadata=dict(about))
            if about and not client.get_collection(name).config.metadata:
                raise Permanent("The Qdrant server keeps no metadata of collections. Use version 1.19 or later.")
            steps: list[models.AliasOperations] = []
            if self._target(client) is not None:
                steps.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._alias)))
            create = models.CreateAlias(collection_name=name, alias_name=self._alias)
            steps.append(models.CreateAliasOperation(create_alias=create))
            client.update_collection_aliases(steps)

    def drop(self, name: str) -> None:
        with self._calling() as client:
            if self._target(client) == name:
                raise Conflict(f"The collection {name!r} is the active one. Switch to another before it is dropped.")
            client.delete_collection(checked_name(name))

    def names(self) -> list[str]:
        with self._calling() as client:
            return sorted(collection.name for collection in client.get_collections().collections)

    def ping(self) -> None:
        self.active()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._connection.release()

    def _target(self, client: QdrantClient) -> str | None:
        found = [a.collection_name for a in client.get_aliases().aliases if a.alias_name == self._alias]
        return found[0] if found else None

    @contextmanager
    def _calling(self) -> Iterator[QdrantClient]:
        if not self._open:
            raise Retryable("The vector index is closed, as this process is stopping. Try again once it has started.")
        with self._connection.calling() as client:
            yield client
