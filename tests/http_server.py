"""A publisher on this machine that behaves as real ones do, good days and bad."""

from __future__ import annotations

import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site: PublisherServer = self.server.site  # type: ignore[attr-defined]
        site.requests.append((self.path, dict(self.headers)))
        behaviour = site.plan.popleft() if site.plan else "serve"
        getattr(self, f"_{behaviour}")(site)

    def _serve(self, site: PublisherServer) -> None:
        etag = f'"{hash(site.content)}"'
        start, status = 0, 200
        if self.headers.get("If-None-Match") == etag:
            return self._answer(304, b"")
        wanted = self.headers.get("Range")
        if wanted and site.ranges and self.headers.get("If-Range") in (None, etag):
            start, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            if start >= len(site.content):
                return self._answer(416, b"")
        return self._answer(status, site.content[start:], {"ETag": etag, "Accept-Ranges": "bytes"})

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _break_off(self, site: PublisherServer) -> None:
        etag = f'"{hash(site.content)}"'
        self._answer(200, site.content[: len(site.content) // 2], {"ETag": etag}, length=len(site.content))
        self.close_connection = True

    def _not_found(self, site: PublisherServer) -> None:
        self._answer(404, b"gone")

    def _forbidden(self, site: PublisherServer) -> None:
        self._answer(403, b"no")

    def _server_error(self, site: PublisherServer) -> None:
        self._answer(500, b"oops")

    def _busy(self, site: PublisherServer) -> None:
        self._answer(429, b"slow down", {"Retry-After": "0"})

    def _html(self, site: PublisherServer) -> None:
        self._answer(200, b"<!DOCTYPE html><html><body>We have moved</body></html>", {"Content-Type": "text/html"})

    def _empty(self, site: PublisherServer) -> None:
        self._answer(200, b"")

    def _redirect(self, site: PublisherServer) -> None:
        self._answer(302, b"", {"Location": "/moved/file.csv"})

    def _redirect_to_file(self, site: PublisherServer) -> None:
        self._answer(302, b"", {"Location": "file:///etc/hostname"})

    def _circle(self, site: PublisherServer) -> None:
        site.plan.appendleft("circle")
        self._answer(302, b"", {"Location": self.path})

    def _stall(self, site: PublisherServer) -> None:
        site.released.wait(5)

    def log_message(self, *args: object) -> None:
        """Keep the test output quiet."""


class PublisherServer:
    """Serves `content` at any path; `plan` names how the next requests go instead, one each."""

    def __init__(self) -> None:
        self.content = b""
        self.ranges = True
        self.plan: deque[str] = deque()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.site = self  # type: ignore[attr-defined]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> PublisherServer:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
