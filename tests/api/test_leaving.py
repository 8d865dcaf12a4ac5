# SPDX-License-Identifier: Apache-2.0
"""Clients that leave while their run runs: by FIN, by RST, and by closing only the sending half of their connection."""
import json
import time

import pytest

from server import SLOW
from sse import Exchange
from waiting import until

CANCELLED_S = 2.0 * SLOW
# Each opens a connection that is to be left: on a run that it starts itself, or on one that is there.
KINDS = ["stream", "wait", "join", "join stream"]


def opened(server, graph, kind, seconds, cancel):
    """The exchange and its run."""
    thread = server.thread()
    run_input = {"seconds": seconds}
    if kind.startswith("join"):
        run = server.create_run(graph, run_input, thread)
        path = f"/threads/{thread}/runs/{run['run_id']}/{'stream' if kind.endswith('stream') else 'join'}"
        exchange = Exchange(server.url, "GET", path + ("?cancel_on_disconnect=true" if cancel else ""))
    else:
        body = {"assistant_id": graph, "input": run_input, **({"on_disconnect": "cancel"} if cancel else {})}
        exchange = Exchange(server.url, "POST", f"/threads/{thread}/runs/{kind}", body)
        run = {"thread_id": thread, "run_id": exchange.header("content-location").rsplit("/", 1)[1]}
    assert exchange.status == 200
    server.until_status(run, "running")
    return exchange, run


def leave(exchange, how):
    if how == "fin":
        exchange.drain()
        exchange.close()
    elif how == "rst":
        exchange.abort()
    else:
        exchange.half_close()


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_cancel_the_run_ends_interrupted_within_two_seconds(both, kind, how):
    server, _, sleepy, _ = both
    exchange, run = opened(server, sleepy, kind, 60, True)
    leave(exchange, how)
    left = time.monotonic()
    assert server.until_status(run, "interrupted", "success", "error")["status"] == "interrupted"
    assert time.monotonic() - left < CANCELLED_S
    error = server.get(f"/threads/{run['thread_id']}").json()["error"]
    assert error == {"error": "UserInterrupt", "message": "client disconnected from the run stream (on_disconnect=cancel)"}


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_continue_the_run_ends_with_success(both, kind, how):
    server, _, sleepy, _ = both
    exchange, run = opened(server, sleepy, kind, 0.4, False)
    leave(exchange, how)
    assert server.until_status(run, "interrupted", "success", "error")["status"] == "success"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_clients_that_left_are_forgotten_with_the_next_heartbeat(both, how):
    server, _, sleepy, _ = both
    before = len(server.sockets())
    there = [opened(server, sleepy, kind, 60, False) for kind in KINDS]
    assert len(server.sockets()) >= before + len(KINDS)
    for exchange, _ in there:
        leave(exchange, how)
    until(lambda: len(server.sockets()) <= before, "their connections to be closed", 7 * SLOW)
    for _, run in there:
        assert server.run(run)["status"] == "running"
        server.post(f"/threads/{run['thread_id']}/runs/{run['run_id']}/cancel?wait=true")


@pytest.mark.parametrize("kind", KINDS)
def test_a_half_closed_client_still_gets_its_answer(both, kind):
    server, _, sleepy, _ = both
    exchange, run = opened(server, sleepy, kind, 0.5, False)
    leave(exchange, "half")
    body = exchange.body()
    if kind.endswith("stream"):
        last = body.split(b"\r\n\r\n")[-2].split(b"\r\n")
        assert last[0] == b"event: values"
        body = last[1][len(b"data: "):]
    assert json.loads(body)["seconds"] == 0.5
    assert exchange.at_end(), "the connection of a client that sends no more is closed"
    assert server.run(run)["status"] == "success"


@pytest.mark.parametrize("kind", KINDS)
def test_a_half_close_cancels_where_leaving_does(native, kind):
    """A closed and a half-closed connection look alike until the next write, and a cancel does not wait for that."""
    exchange, run = opened(native, "native_sleep", kind, 60, True)
    leave(exchange, "half")
    native.until_status(run, "interrupted", timeout_s=CANCELLED_S)
    exchange.close()


def test_a_half_closed_client_gets_heartbeats_and_the_stream_of_its_thread(native):
    thread = native.thread()
    with Exchange(native.url, "GET", f"/threads/{thread}/stream") as exchange:
        exchange.half_close()
        native.create_run("native_sleep", {"seconds": 5.3}, thread)
        while b"run_done" not in exchange.raw:
            assert exchange.read_chunk()
        assert b": heartbeat\r\n\r\n" in exchange.raw
        native.http.delete(f"/threads/{thread}")
        while exchange.read_chunk():
            pass
        assert exchange.at_end()
