"""A publisher on this machine that behaves as real ones do, good days and bad."""

from __future__ import annotations

import gzip
import hashlib
import sys
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"<!DOCTYPE html><html><body>We have moved</body></html>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        site.requests.append((self.path, dict(self.headers)))
        behaviour = site.plan.popleft() if site.plan else "serve"
        getattr(self, f"_{behaviour}")(site)

    # A good day.

    def _serve(self, site: PublisherServer) -> None:
        self._send(*self._found(site))

    def _found(self, site: PublisherServer) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for what was asked: the whole, a piece, or nothing where nothing has changed."""
        whole, headers = site.body(), site.headers()
        if self.headers.get("If-None-Match", "-") == headers.get("ETag") or (
            "If-None-Match" not in self.headers
            and self.headers.get("If-Modified-Since", "-") == headers.get("Last-Modified")
        ):
            return 304, b"", headers
        wanted, condition = self.headers.get("Range"), self.headers.get("If-Range")
        matches = not site.heeds_if_range or condition in (None, headers.get("ETag"), headers.get("Last-Modified"))
        if not wanted or not site.ranges or not matches:
            return 200, whole, headers
        first, last = wanted.removeprefix("bytes=").split("-")
        start, stop = int(first), min(int(last) + 1 if last else len(whole), len(whole))
        if start >= len(whole):
            return 416, b"", {"Content-Range": f"bytes */{len(whole)}"}
        return 206, whole[start:stop], headers | {"Content-Range": f"bytes {start}-{stop - 1}/{len(whole)}"}

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _chunked(self, site: PublisherServer) -> None:
        """No length beforehand."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, len(site.content), 100_000):
            self._chunk(site.content[start : start + 100_000])
        self._chunk(b"")

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def _redirect(self, site: PublisherServer) -> None:
        self._send(302, b"", {"Location": "/moved/file.csv"})

    # The line, or the server behind it, breaks.

    def _break_off(self, site: PublisherServer) -> None:
        """Half of what is left, though all of it was promised."""
        status, body, headers = self._found(site)
        self._send(status, body[: len(body) // 2], headers, length=len(body))
        self.close_connection = True

    def _chunked_break_off(self, site: PublisherServer) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._chunk(site.content[:50_000])
        self.close_connection = True

    def _hang_up(self, site: PublisherServer) -> None:
        self.close_connection = True

    def _stall(self, site: PublisherServer) -> None:
        """Not a word."""
        site.released.wait(5)
        self.close_connection = True

    def _stall_in_body(self, site: PublisherServer) -> None:
        status, body, headers = self._found(site)
        self._send(status, body[: len(body) // 2], headers, length=len(body))
        self._stall(site)

    def _drip(self, site: PublisherServer) -> None:
        """A byte now and then: never silent, never done."""
        self._send(200, b"", site.headers(), length=len(site.content))
        for place in range(len(site.content)):
            self.wfile.write(site.content[place : place + 1])
            if site.released.wait(0.01):
                break
        self.close_connection = True

    # The server says no.

    def _not_found(self, site: PublisherServer) -> None:
        self._send(404, b"gone")

    def _forbidden(self, site: PublisherServer) -> None:
        self._send(403, b"no")

    def _server_error(self, site: PublisherServer) -> None:
        self._send(500, b"oops")

    def _busy(self, site: PublisherServer) -> None:
        self._send(429, b"slow down", {"Retry-After": "0"})

    def _teapot(self, site: PublisherServer) -> None:
        self._send(418, b"short and stout")

    def _redirect_to_file(self, site: PublisherServer) -> None:
        self._send(302, b"", {"Location": "file:///etc/hostname"})

    def _redirect_to_ftp(self, site: PublisherServer) -> None:
        self._send(302, b"", {"Location": "ftp://127.0.0.1/file.csv"})

    def _circle(self, site: PublisherServer) -> None:
        site.plan.appendleft("circle")
        self._send(302, b"", {"Location": self.path})

    # The server says yes, and sends something else.

    def _html(self, site: PublisherServer) -> None:
        self._send(200, PAGE, {"Content-Type": "text/html"})

    def _message(self, site: PublisherServer) -> None:
        self._send(200, b'{"error": "maintenance, please try again later"}', {"Content-Type": "application/json"})

    def _empty(self, site: PublisherServer) -> None:
        self._send(200, b"")

    def _odd_packing(self, site: PublisherServer) -> None:
        self._send(200, site.content, {"Content-Encoding": "br"})

    def _wrong_piece(self, site: PublisherServer) -> None:
        """A piece from another place than the one asked for."""
        body = site.content[10:]
        self._send(
            206, body, site.headers() | {"Content-Range": f"bytes 10-{len(site.content) - 1}/{len(site.content)}"}
        )

    def log_message(self, *args: object) -> None:
        """Keep the test output quiet."""


class _Server(ThreadingHTTPServer):
    site: PublisherServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # clients that hang up are part of the game
            super().handle_error(request, client_address)


class PublisherServer:
    """Serves `content` at any path; `plan` names how the next requests go instead, one each."""

    def __init__(self) -> None:
        self.content = b""
        self.ranges = self.heeds_if_range = self.has_etag = True
        self.has_weak_etag = False  # one that does not promise the same bytes
        self.last_modified = ""
        self.packs = False  # with gzip, though it was not asked to
        self.plan: deque[str] = deque()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def body(self) -> bytes:
        return gzip.compress(self.content, mtime=0) if self.packs else self.content

    def headers(self) -> dict[str, str]:
        tag = f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'
        headers = {
            "ETag": ("W/" + tag if self.has_weak_etag else tag) if self.has_etag else "",
            "Last-Modified": self.last_modified,
            "Content-Encoding": "gzip" if self.packs else "",
            "Accept-Ranges": "bytes" if self.ranges else "",
        }
        return {name: value for name, value in headers.items() if value}

    def __enter__(self) -> PublisherServer:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
