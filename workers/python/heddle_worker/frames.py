# SPDX-License-Identifier: Apache-2.0
"""The frame codec: ``u32 header length | u32 body length | header JSON | body``, big endian.

Pure functions and one incremental decoder; no sockets here, so that the test vectors can drive it directly.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

HEADER_BYTES_MAX = 1 << 20
BODY_BYTES_MAX = 64 << 20

_LENGTHS = struct.Struct(">II")
PREFIX_BYTES = _LENGTHS.size


class FrameError(Exception):
    """A frame breaks the protocol; the connection cannot go on."""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame. Raises FrameError when a limit would be broken, so that the peer never sees such a frame."""
    head = orjson.dumps(header)
    if len(head) > HEADER_BYTES_MAX:
        raise FrameError(f"header of {len(head)} bytes exceeds {HEADER_BYTES_MAX}")
    if len(body) > BODY_BYTES_MAX:
        raise FrameError(f"body of {len(body)} bytes exceeds {BODY_BYTES_MAX}")
    return b"".join((_LENGTHS.pack(len(head), len(body)), head, body))


def split(header: dict[str, Any], body: bytes) -> list[bytes]:
    """The body's blobs as ``parts`` lists them. Without ``parts`` the body is one blob."""
    sizes = header.get("parts")
    if sizes is None:
        return [body]
    blobs, at = [], 0
    for size in sizes:
        blobs.append(body[at : at + size])
        at += size
    return blobs


def join(blobs: Sequence[bytes]) -> tuple[list[int], bytes]:
    """The ``parts`` list and the body that hold these blobs."""
    return [len(blob) for blob in blobs], b"".join(blobs)


class Decoder:
    """Turns a byte stream into frames. Feed it what the socket gave, then iterate."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending_bytes(self) -> int:
        """Bytes that belong to a frame that is not complete yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yields every frame that is complete now, as (header, body). Raises FrameError on a bad one."""
        buffer = self._buffer
        buffer += data
        at = 0
        try:
            while len(buffer) - at >= PREFIX_BYTES:
                head_size, body_size = _LENGTHS.unpack_from(buffer, at)
                check_lengths(head_size, body_size)
                start = at + PREFIX_BYTES
                end = start + head_size + body_size
                if len(buffer) < end:
                    break
                header = parse_header(bytes(buffer[start : start + head_size]))
                body = bytes(buffer[start + head_size : end])
                check_parts(header, body_size)
                at = end
                yield header, body
        finally:
            del buffer[:at]


def check_lengths(head_size: int, body_size: int) -> None:
    """Refuses lengths before anything of that size is read."""
    if head_size > HEADER_BYTES_MAX:
        raise FrameError(f"header of {head_size} bytes exceeds {HEADER_BYTES_MAX}")
    if body_size > BODY_BYTES_MAX:
        raise FrameError(f"body of {body_size} bytes exceeds {BODY_BYTES_MAX}")


def parse_header(raw: bytes) -> dict[str, Any]:
    try:
        header = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise FrameError(f"header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise FrameError("header is not a JSON object")
    return header


def check_parts(header: dict[str, Any], body_size: int) -> None:
    parts = header.get("parts")
    if parts is None:
        return
    if not isinstance(parts, list) or not all(type(size) is int and size >= 0 for size in parts):
        raise FrameError("parts is not a list of sizes")
    if sum(parts) != body_size:
        raise FrameError(f"parts add up to {sum(parts)}, the body has {body_size} bytes")
