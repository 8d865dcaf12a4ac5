# SPDX-License-Identifier: Apache-2.0
"""Every stream mode against recordings of the reference server (golden/streams.json), key order included."""

import json

import pytest
from conftest import HERE
from normalise import normalise

GOLDEN = json.loads((HERE / "golden" / "streams.json").read_text())


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_events_are_those_of_the_reference(server, case):
    run = server.start_run(case["graph"], case["input"], **case["request"]).wait()
    events = run.decoded + ([("error", run.error)] if run.error else [])
    got = normalise(events)
    if case["graph"] == "fan":  # the tasks' order is a race there, too
        assert sorted(got) == sorted(case["events"])
    else:
        assert got == case["events"]


def test_events_are_single_lines_of_strict_json(server):
    for what in ("nan", "surrogate", "nul", "lines", "big", "keys", "bytes", "nested"):
        run = server.start_run("values", {"what": what}, stream_mode="custom").wait()
        ((event, body),) = run.events
        assert event == "custom"
        assert not set(body) & set(b"\r\n\0")
        json.loads(body, parse_constant=lambda constant: pytest.fail(constant))


def test_signed_in_users_stay_out_of_debug_events(server):
    config = {"configurable": {"langgraph_auth_user": {"identity": "me"}, "__secret": 1, "mine": 2}}
    run = server.start_run("echo", {"text": "x"}, config=config, stream_mode=["debug", "checkpoints"]).wait()
    text = b"".join(body for _, body in run.events)
    assert b"langgraph_auth" not in text and b"__secret" not in text and b'"mine":2' in text
    assert "langgraph_auth_user" not in run.state["metadata"] and run.state["metadata"]["mine"] == 2
