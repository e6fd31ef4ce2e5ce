"""A TCP proxy on loopback that a test may make slow, deaf, broken or busy, and well again."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

_CHUNK = 64 << 10
_SLOW_CHUNK = 4 << 10
_SLOW_SECONDS = 0.05
_CUT_AFTER = 3_000
_BUSY = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 72\r\nConnection: close\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>"
)


class Way(Enum):
    """What becomes of connections."""

    PASS = auto()
    REFUSE = auto()
    """Nobody listens, and those that were open are cut."""
    HANG = auto()
    """They are taken, and no byte passes."""
    CUT = auto()
    """Each breaks in the middle of what is sent, after 3,000 bytes."""
    SLOW = auto()
    """Every 4 kB, each way, take 50 ms."""
    BUSY = auto()
    """Every HTTP request is answered 503."""


class Proxy:
    """From `port` to `target`, both on 127.0.0.1. It listens from the start until `close`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._way = Way.PASS
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{target}", daemon=True)
        self._thread.start()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._well = asyncio.Event()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._set(Way.PASS)

    @contextmanager
    def broken(self, way: Way) -> Iterator[None]:
        """Connections go this way inside; those that are open are cut at both ends of it."""
        self._set(way)
        try:
            yield
        finally:
            self._set(Way.PASS)

    def close(self) -> None:
        self._set(Way.REFUSE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _set(self, way: Way) -> None:
        asyncio.run_coroutine_threadsafe(self._become(way), self._loop).result(10)

    async def _become(self, way: Way) -> None:
        self._way = way
        self._well.set() if way is not Way.HANG else self._well.clear()
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()
        if way is Way.REFUSE and self._server:
            self._server.close()
            self._server = None
        elif way is not Way.REFUSE and self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if self._way is Way.BUSY:
                await _answer_busy(reader, writer)
            else:
                await self._join(reader, writer)
        self._open.discard(writer)
        writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._well.wait()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._open.add(far_writer)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._open.discard(far_writer)
        far_writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        passed = 0
        while data := await source.read(_SLOW_CHUNK if self._way is Way.SLOW else _CHUNK):
            await self._well.wait()
            if self._way is Way.SLOW:
                await asyncio.sleep(_SLOW_SECONDS)
            passed += len(data)
            if self._way is Way.CUT and passed > _CUT_AFTER:
                target.write(data[: len(data) // 2])
                await target.drain()
                return
            target.write(data)
            await target.drain()
        with suppress(OSError):
            target.write_eof()
            await asyncio.sleep(0)


async def _answer_busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The request is read first: a client that is still sending would see a broken connection instead."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length:" in head:
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    writer.write(_BUSY)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
