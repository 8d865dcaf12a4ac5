# SPDX-License-Identifier: Apache-2.0
"""Strict JSON: what leaves the worker is one line that any parser takes, and what comes in loses nothing."""

import json

import pytest
from heddle_worker import jsonout
from odd_graphs import VALUES

EXPECTED = {
    "nan": "null",
    "inf": '{"a":null}',
    "surrogate": '"a\ufffdb"',
    "nul": '"a\\ufffdb"',
    "lines": '"a\\nb\\r\u2028"',
    "datetime": '"2024-01-02T03:04:05.000678+00:00"',
    "date": '"2024-01-02"',
    "timedelta": "90.5",
    "uuid": '"00000000-0000-0000-0000-000000000005"',
    "set": "[1]",
    "bytes": '"/wA="',
    "enum": '"red"',
    "model": '{"a":1,"when":"2024-01-02T03:04:05","tags":[1]}',
    "dataclass": '{"x":1,"s":[2]}',
    "namedtuple": '{"p":1,"q":2}',
    "decimal": "1.5",
    "deque": "[1,2]",
    "keys": '{"1":"a","(1, 2)":"b"}',
    "exception": '{"error":"ValueError","message":"x"}',
    "function": "null",
    "big": "1180591620717411303424",
    "send": '{"node":"n","args":{"a":1}}',
    "command": '{"graph":null,"update":{"a":1},"resume":null,"goto":[]}',
    "nested": '{"m":{"a":1,"when":"2024-01-02T03:04:05","tags":[1]},"l":[{"x":1,"s":[2]},[1]]}',
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    assert jsonout.dumps(VALUES[name]()).decode() == EXPECTED[name]


@pytest.mark.parametrize("name", VALUES)
def test_values_beside_one_that_needs_the_slow_path(name):
    assert jsonout.dumps([VALUES[name](), 2**70]).decode() == f"[{EXPECTED[name]},{2**70}]"


@pytest.mark.parametrize("value", ["\\u0000", "\\", "a\\\x00", "\x00\x00", '"\x00'])
def test_nul_is_replaced_and_backslashes_stay(value):
    assert json.loads(jsonout.dumps(value)) == value.replace("\x00", "\ufffd")


def test_cycles_end():
    loop = {}
    loop["again"] = [loop, 2**70]
    assert json.loads(jsonout.dumps(loop))


@pytest.mark.parametrize("text", ["[12345678901234567890123]", '{"a":1e5}', "[1.5]", '{"a":18446744073709551616}'])
def test_numbers_arrive_exactly(text):
    assert jsonout.loads(text.encode()) == json.loads(text)
