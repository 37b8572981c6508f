"""Answers that are the same for many requests: kept with a tag, compressed once, and not sent again to who has them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

_SMALLEST_PACKED_BYTES = 512


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes of one media type, with a hash of them and, where that is worth it, compressed."""

    content: bytes
    media_type: str
    tag: str
    packed: bytes | None

    @classmethod
    def of(cls, content: bytes, media_type: str, *, packs: bool = True) -> Body:
        """
        Args:
            packs: False for what is compressed already.
        """
        packed = None
        if packs and len(content) >= _SMALLEST_PACKED_BYTES:
            # The same bytes each time, and so the same tag in each process: no time of packing in it.
            packed = gzip.compress(content, mtime=0)
        return cls(content, media_type, hashlib.sha256(content).hexdigest()[:32], packed)

    def answer(self, request: Request, *, cache: str) -> Response:
        """The bytes, or that they have not changed (304).

        Args:
            cache: How long they may be kept: a `Cache-Control` header.
        """
        packed = self.packed if accepts_gzip(request.headers.get("accept-encoding", "")) else None
        # The two forms are different answers, and have different tags.
        tag = f'"{self.tag}"' if packed is None else f'"{self.tag}-gzip"'
        headers = {"Cache-Control": cache, "ETag": tag}
        if self.packed is not None:
            headers["Vary"] = "Accept-Encoding"
        if is_current(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if packed is not None:
            headers["Content-Encoding"] = "gzip"
        return Response(self.content if packed is None else packed, media_type=self.media_type, headers=headers)


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` header takes gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        try:
            weights[name.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def is_current(header: str, tag: str) -> bool:
    """Whether an `If-None-Match` header names the tag; marks of weak comparison do not matter (RFC 9110, 13.1.2)."""
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return tag in named or "*" in named
