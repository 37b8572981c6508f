"""Where the service is and what opens it: arguments, then environment, then the local data folder.

`headstock up` leaves two files in its data folder: `server.json` with its address, and `token` (mode 0600).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from headstock.errors import NotConfigured

DEFAULT_DATA_DIR = "headstock-data"
HOW_TO = "start one here with `headstock up`, or set HEADSTOCK_URL and HEADSTOCK_TOKEN"


@dataclass(frozen=True, slots=True)
class Connection:
    """An address and its token (left out of the repr).

    Attributes:
        token_from: Where the token was found, for people; empty without one.
    """

    url: str
    token: str | None = field(repr=False)
    token_from: str = field(default="", compare=False)


def discover(url: str | None, token: str | None, *, environ: Mapping[str, str], directory: Path) -> Connection:
    """The connection to use.

    Args:
        url: What the caller gave; None looks further.
        token: Likewise.
        environ: HEADSTOCK_URL, HEADSTOCK_TOKEN and HEADSTOCK_DATA_DIR are read.
        directory: Folder against which a relative data folder is taken (the working directory).

    Raises:
        NotConfigured: No address is to be found, or the address is not one.
    """
    data_dir = directory / (environ.get("HEADSTOCK_DATA_DIR") or DEFAULT_DATA_DIR)
    given = url or environ.get("HEADSTOCK_URL") or None
    address = given or _local_address(data_dir)
    if address is None:
        raise NotConfigured(f"no Headstock service is known: no {data_dir / 'server.json'}; {HOW_TO}")
    address = address.rstrip("/")
    parsed = _parse(address)
    if token:
        return Connection(address, token, "the argument `token`")
    if secret := environ.get("HEADSTOCK_TOKEN"):
        return Connection(address, secret, "HEADSTOCK_TOKEN")
    # The local token opens the local service: it is not sent to an address on another machine.
    if given is None or is_loopback(parsed.host):
        return _local_connection(address, data_dir)
    return Connection(address, None)


def local(data_dir: Path) -> Connection:
    """The connection to the service whose data folder this is.

    Raises:
        NotConfigured: No service has left its address there.
    """
    address = _local_address(data_dir)
    if address is None:
        raise NotConfigured(
            f"no service has left its address in {data_dir}: start one with `headstock up --data-dir {data_dir}`"
        )
    return _local_connection(address.rstrip("/"), data_dir)


def _local_connection(address: str, data_dir: Path) -> Connection:
    secret = _local_token(data_dir)
    return Connection(address, secret, str(data_dir / "token") if secret else "")


def _parse(address: str) -> httpx.URL:
    try:
        parsed = httpx.URL(address)
    except httpx.InvalidURL as fault:
        raise NotConfigured(f"{address!r} is not an address: {fault}") from fault
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise NotConfigured(f"{address!r} is not an address; it should look like http://127.0.0.1:8000")
    return parsed


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _local_address(data_dir: Path) -> str | None:
    path = data_dir / "server.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return str(document["url"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise NotConfigured(f"{path} cannot be read: {fault}; {HOW_TO}") from fault


def _local_token(data_dir: Path) -> str | None:
    path = data_dir / "token"
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise NotConfigured(f"{path} cannot be read: {fault}") from fault
