"""Answers that are longer than memory: sent as they are made, or broken off, never cut short."""

import asyncio
from collections.abc import Generator, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Send

STALLED_S = 60.0  # a reader that takes nothing for so long is given up: it holds a connection


class Download(StreamingResponse):
    """Chunks of bytes as an answer; the first is made before anything is sent.

    What goes wrong with the first chunk is raised when the answer is made, so that it can still
    be refused. What goes wrong later leaves the answer without its end: no reader can take the
    part for the whole.
    """

    def __init__(
        self,
        chunks: Generator[bytes, None, None],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        """`chunks` is closed whatever becomes of the answer."""
        super().__init__((), headers=headers, media_type=media_type)
        self._chunks = chunks
        self._first = next(chunks, None)

    async def stream_response(self, send: Send) -> None:
        """Send everything.

        Raises:
            TimeoutError: the reader takes nothing any more.
            DatabaseUnavailable: the database went away meanwhile.
        """
        try:
            start = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **start})
            chunk = self._first
            while chunk is not None:
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await run_in_threadpool(next, self._chunks, None)
        finally:
            self._chunks.close()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
