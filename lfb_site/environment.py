"""Typed readers of environment variables: a wrong value stops the start and names what is allowed."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off", "")


def refuse(name: str, value: str, wanted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"Setting {name}={value!r} cannot be used: {wanted}.")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def tell_children(name: str, value: str) -> str:
    """Set a variable for the processes that this one starts, unless it is set already; returns what they will find."""
    return os.environ.setdefault(name, value)


def boolean(*names: str, default: bool) -> bool:
    """The first of `names` that is set; later names are older spellings of the same setting."""
    for name in names:
        if name in os.environ:
            value = os.environ[name].strip().lower()
            if value in TRUE_WORDS:
                return True
            if value in FALSE_WORDS:
                return False
            raise refuse(name, os.environ[name], f"wanted one of {', '.join(TRUE_WORDS + FALSE_WORDS[:-1])}")
    return default


def number(name: str, default: float, *, low: float, high: float) -> float:
    value = text(name) or str(default)
    try:
        parsed = float(value)
    except ValueError:
        parsed = float("nan")
    if not low <= parsed <= high:
        raise refuse(name, value, f"wanted a number from {low:g} to {high:g}")
    return parsed


def integer(name: str, default: int, *, low: int, high: int) -> int:
    parsed = number(name, default, low=low, high=high)
    if parsed != int(parsed):
        raise refuse(name, text(name), f"wanted a whole number from {low} to {high}")
    return int(parsed)


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    value = text(name) or default
    if value not in allowed:
        raise refuse(name, value, f"wanted one of {', '.join(allowed)}")
    return value


def items(name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
    """A comma-separated list; empty items are left out."""
    if name not in os.environ:
        return tuple(default)
    return tuple(item.strip() for item in os.environ[name].split(",") if item.strip())


def origins(*addresses: str) -> list[str]:
    """The scheme and host of each address, as a Content-Security-Policy names them; `{s}.` stands for any subdomain."""
    parts = [urlsplit(address) for address in addresses if address]
    return [f"{part.scheme}://{part.netloc.replace('{s}', '*')}" for part in parts]


def years(name: str) -> tuple[int, ...]:
    """Comma-separated years; empty means all."""
    found = items(name)
    for item in found:
        if not (item.isdigit() and 2009 <= int(item) <= 2100):
            raise refuse(name, os.environ[name], "wanted years from 2009 on, separated by commas, or nothing for all")
    return tuple(sorted({int(item) for item in found}))


def band(name: str, default: tuple[float, float], *, most: float) -> tuple[float, float]:
    """Two rising numbers up to `most`, such as `5,35`."""
    found = items(name) or [str(value) for value in default]
    try:
        low, high = (float(item) for item in found)
    except ValueError:
        raise refuse(name, ",".join(found), "wanted two numbers separated by a comma") from None
    if not 0 <= low < high:
        raise refuse(name, ",".join(found), "wanted the lower number first, and neither negative")
    if high > most:
        raise refuse(name, ",".join(found), f"wanted numbers up to {most:g}")
    return low, high


def folder(name: str, default: Path) -> Path:
    return Path(text(name) or default).expanduser().absolute()


def made_folder(name: str) -> str:
    """A folder that is made where it is not there; empty where nothing is set."""
    value = text(name)
    if value:
        try:
            Path(value).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refuse(name, value, f"wanted a folder that can be made and written ({error.strerror})") from None
    return value


DEFAULT_STANDARDS = {
    "first": {"mean_seconds": 360, "within_seconds": 600, "within_share": 0.90},
    "second": {"mean_seconds": 480, "within_seconds": 720, "within_share": 0.95},
}


def standards(name: str) -> dict[str, dict[str, float]]:
    """Attendance standards as JSON, for instance `{"first": {"mean_seconds": 360, ...}, "second": {...}}`."""
    value = text(name)
    if not value:
        return DEFAULT_STANDARDS
    wanted = f"wanted JSON with the same keys as {json.dumps(DEFAULT_STANDARDS)}"
    try:
        found = json.loads(value)
        shape_fits = {pump: set(rule) for pump, rule in found.items()} == {
            pump: set(rule) for pump, rule in DEFAULT_STANDARDS.items()
        }
        in_range = shape_fits and all(
            0 < rule["mean_seconds"] <= 1200 and 0 < rule["within_seconds"] <= 1200 and 0 < rule["within_share"] <= 1
            for rule in found.values()
        )
    except (ValueError, AttributeError, TypeError):
        in_range = False
    if not in_range:
        raise refuse(name, value, wanted)
    return {pump: {key: float(figure) for key, figure in rule.items()} for pump, rule in found.items()}


# An address of these must name a host; of the others, a path: a file, a socket, or the database of a server.
HOST_SCHEMES = ("http", "https", "redis", "rediss")


def address(name: str, value: str, schemes: Sequence[str], wanted: str) -> SplitResult:
    """`value` taken apart. A refusal shows the scheme alone, if there is one: what follows may be a password."""
    scheme, separator, _ = value.partition("://")
    try:
        parts = urlsplit(value)
        usable = separator != "" and parts.scheme in schemes and parts.port != 0
        usable = usable and bool(parts.hostname if parts.scheme in HOST_SCHEMES else parts.path.strip("/"))
        usable = usable and not re.search(r"[\s;,]", parts.hostname or "")
    except ValueError:  # a port that is no number, or brackets without an address in them
        usable = False
    if not usable:
        raise refuse(name, f"{scheme}://…" if separator else "…", wanted)
    return parts


def tracking_uri(name: str, default_file: Path) -> str:
    """Where MLflow keeps its records: a SQLite file by default, or a server."""
    uri = text(name) or f"sqlite:///{default_file}"
    address(name, uri, ("sqlite", "http", "https"), "wanted http://HOST:PORT, https://HOST or sqlite:///FILE")
    return uri


def database(name: str, default_file: Path) -> dict[str, object]:
    """A Django database from a URL: SQLite in WAL mode by default, PostgreSQL where one is named."""
    url = text(name) or f"sqlite:///{default_file}"
    wanted = (
        "wanted sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME, with / and @ in a password as %2F and %40"
    )
    address(name, url, ("sqlite", "postgres", "postgresql"), wanted)
    config: dict[str, object] = environ.Env.db_url_config(url)
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "timeout": 20,
            # Writers queue instead of failing when a read turns into a write.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    else:
        # A server that a network has swallowed is given up on; as it comes, every thread of the site would wait for hours.
        config["OPTIONS"] = {"connect_timeout": 5, "tcp_user_timeout": 15_000, **config.get("OPTIONS", {})}
    # A connection for each request would cost more than the request: opening SQLite in WAL mode takes a millisecond.
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = config["ENGINE"] != "django.db.backends.sqlite3"
    return config


def web_address(name: str, default: str = "") -> str:
    value = text(name) or default
    if value:
        address(name, value, ("http", "https"), "wanted http://HOST:PORT or https://HOST:PORT")
    return value


def host_and_port(name: str) -> tuple[str, int] | None:
    """An address to listen on, such as `127.0.0.1:9101`; None where nothing is set."""
    value = text(name)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise refuse(name, value, "wanted ADDRESS:PORT, such as 127.0.0.1:9101")
    return host, int(port)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(name: str, default: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks separated by commas, such as `127.0.0.1,10.0.0.0/8`."""
    found = items(name, default)
    try:
        return tuple(ipaddress.ip_network(item) for item in found)
    except ValueError as error:
        raise refuse(name, ",".join(found), f"wanted addresses or networks such as 10.0.0.0/8 ({error})") from None


MAX_SOCKET_PATH = 100  # the kernel allows 107 bytes


def broker(name: str, folder: Path) -> tuple[str, bool]:
    """The address of the queue's server, and whether that server is our own: a socket in `folder`, closed to others."""
    url = text(name)
    if not url:
        socket = folder / "valkey.sock"
        if len(os.fsencode(socket)) > MAX_SOCKET_PATH:
            digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
            socket = Path(tempfile.gettempdir()) / f"lfb-{os.getuid()}-{digest}" / "valkey.sock"
        return f"unix://{socket}?socket_connect_timeout=2", True
    wanted = "wanted redis://HOST:PORT/0, rediss://HOST:PORT/0 or unix://PATH, the last of them a database's number"
    parts = address(name, url, ("redis", "rediss", "unix"), wanted)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
        raise refuse(name, f"{parts.scheme}://…{parts.path}", wanted)
    if "socket_connect_timeout" not in url:
        url += ("&" if "?" in url else "?") + "socket_connect_timeout=2"
    return url, False


def _keep_new_key(file: Path) -> None:
    """Put a key in place whole: of several processes that start at once, the first one's is everybody's."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # mode 600
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(64))
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()


def secret_key(name: str, file: Path) -> tuple[str, bool]:
    """The key from the environment, else one made on the first local run and kept in `file` (mode 600).

    Returns the key and whether it came from the file, so that the deployment check can object.
    """
    value = text(name)
    if value:
        return value, False
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _keep_new_key(file)
        return file.read_text().strip(), True
    except OSError as error:
        wanted = f"wanted a key, or a data folder (LFB_DATA_DIR) to keep one in; {file.parent}: {error.strerror}"
        raise refuse(name, value, wanted) from None
