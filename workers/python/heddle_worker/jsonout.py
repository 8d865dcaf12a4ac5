# SPDX-License-Identifier: Apache-2.0
"""Strict one-line JSON from whatever a graph produces, and JSON input without loss.

orjson does the work; the slow paths below only run for what it refuses: integers beyond 64 bits, lone surrogates
and keys that are not strings.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import timedelta, timezone, tzinfo
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from langgraph.types import Send

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_ITERABLES = (set, frozenset, deque, tuple)
_AS_TEXT = (
    PurePath, ZoneInfo, IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, tzinfo,
    timezone,
)  # fmt: skip
# orjson reads integers beyond 64 bits as floats; a digit run of that length sends the text to the exact parser
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
# an escaped NUL, not preceded by a backslash that escapes the backslash
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_SURROGATE = re.compile("[\ud800-\udfff]")


def loads(raw: bytes) -> Any:
    """Parses user JSON; integers of any size stay exact. Raises ValueError on bad JSON."""
    if _LONG_NUMBER.search(raw):
        return json.loads(raw)
    return orjson.loads(raw)


def dumps(value: Any) -> bytes:
    """Strict JSON on one line: NaN and infinities are null, NUL and lone surrogates U+FFFD, keys strings. Never
    raises for a value's type: what has no JSON form appears as null."""
    try:
        text = orjson.dumps(value, default=plain, option=_OPTIONS)
    except TypeError:
        text = json.dumps(strict(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return _NUL.sub(rb"\1\\ufffd", text) if b"\\u0000" in text else text


def plain(value: Any) -> Any:
    """One step towards JSON for an object that is not JSON itself (orjson calls it again for what is inside)."""
    dump = getattr(value, "model_dump", None)
    if dump is not None and not isinstance(value, type):
        return dump()
    if hasattr(value, "_asdict") and not isinstance(value, type):
        return value._asdict()
    if isinstance(value, _ITERABLES):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, BaseException):
        return {"error": type(value).__name__, "message": str(value)}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, _AS_TEXT):
        return str(value)
    for method in ("to_dict", "dict"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return convert()
    if isinstance(value, Send):
        return {"node": value.node, "args": value.arg}
    return _base_of(value)


def _base_of(value: Any) -> Any:
    for base in (str, int, float):
        if isinstance(value, base):
            return base(value)
    return None


def strict(value: Any, depth: int = 0) -> Any:
    """The slow, complete conversion to plain JSON values (see dumps)."""
    if depth > 200:
        return None  # a cycle, most likely
    if value is None or value is True or value is False:
        return value
    if type(value) is str:
        return clean(value)
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_key(key): strict(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, *_ITERABLES)) and not hasattr(value, "_asdict"):
        return [strict(item, depth + 1) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return strict(asdict(value), depth + 1)
    try:  # what orjson knows natively (datetime, UUID, enum, numpy) goes through it
        return orjson.loads(orjson.dumps(value, option=_OPTIONS))
    except TypeError:
        return strict(plain(value), depth + 1)


def clean(text: str) -> str:
    """The text without lone surrogates."""
    return _SURROGATE.sub("\ufffd", text)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return clean(str(key))
    try:
        return next(iter(orjson.loads(orjson.dumps({key: 0}, option=_OPTIONS))))
    except TypeError:
        return clean(str(key))
