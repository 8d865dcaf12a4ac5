# SPDX-License-Identifier: Apache-2.0
"""Double texting: 4 strategies × 3 ways to ask × 3 states of the thread. Of every run that was there before: its stream ends,
whoever waits for it is answered, and its webhook comes."""
import contextlib

import pytest

from server import SLOW
from sse import Exchange, Stream
from waiting import until

LONG_S = 60
ENDS = {"interrupt": "interrupted", "rollback": "rollback", "enqueue": "success"}


class Earlier:
    """The runs that stand on the thread when the next one comes, each with a reader, a client that waits, and a webhook."""

    def __init__(self, stack, server, receiver, state, sleepy, strategy):
        self.server, self.receiver = server, receiver
        self.thread = server.thread()
        lasts = strategy == "enqueue"  # they are to end by themselves
        seconds = 0.3 if lasts else LONG_S
        bodies = {"pending": [{"after_seconds": 0 if lasts else LONG_S}], "running": [{}], "several": [{}, {}, {}]}[state]
        self.runs = [server.create_run(sleepy, {"seconds": seconds}, self.thread, webhook=receiver.url(f"/{n}"), **more)
                     for n, more in enumerate(bodies)]
        if state != "pending" and not lasts:
            server.until_status(self.runs[0], "running")
        paths = [f"/threads/{self.thread}/runs/{run['run_id']}" for run in self.runs]
        self.streams = [stack.enter_context(Stream(server.url, "GET", f"{path}/stream", timeout_s=20 * SLOW)) for path in paths]
        self.waits = [stack.enter_context(Exchange(server.url, "GET", f"{path}/join", timeout_s=20 * SLOW)) for path in paths]

    def check_they_end_as(self, status):
        for n, run in enumerate(self.runs):
            assert self.receiver.one(f"/{n}").json()["status"] == status
            assert "error" not in [event.event for event in self.streams[n].rest()]
            assert self.waits[n].status == 200
            self.waits[n].body()
            if status == "rollback":
                assert self.server.get(f"/threads/{self.thread}/runs/{run['run_id']}").status_code == 404
            else:
                assert self.server.run(run)["status"] == status


def ask(server, how, thread, echo, strategy):
    """The next run's answer: status code, id, and what it gave ("" for those that give nothing)."""
    body = {"assistant_id": echo, "input": {"text": "next"}, "multitask_strategy": strategy, "stream_mode": "values"}
    path = {"create": "runs", "stream": "runs/stream", "wait": "runs/wait"}[how]
    with Exchange(server.url, "POST", f"/threads/{thread}/{path}", body, timeout_s=20 * SLOW) as answer:
        text = answer.body().decode()
        location = answer.header("content-location")
        return answer.status, location and location.rsplit("/", 1)[1], "" if how == "create" else text


@pytest.mark.parametrize("state", ["pending", "running", "several"])
@pytest.mark.parametrize("how", ["create", "stream", "wait"])
@pytest.mark.parametrize("strategy", ["interrupt", "rollback", "enqueue"])
def test_the_next_run_comes_and_those_before_it_end(both, receiver, strategy, how, state):
    server, echo, sleepy, _ = both
    with contextlib.ExitStack() as stack:
        earlier = Earlier(stack, server, receiver, state, sleepy, strategy)
        status, run, text = ask(server, how, earlier.thread, echo, strategy)
        assert status == 200
        assert how == "create" or '"out":"next"' in text, text
        earlier.check_they_end_as(ENDS[strategy])
        assert server.until_status({"thread_id": earlier.thread, "run_id": run}, "success", "error")["status"] == "success"
    until(lambda: server.get(f"/threads/{earlier.thread}").json()["status"] == "idle", "the thread to be idle")
    assert server.get(f"/threads/{earlier.thread}").json()["values"]["out"] == "next"


@pytest.mark.parametrize("state", ["pending", "running", "several"])
@pytest.mark.parametrize("how", ["create", "stream", "wait"])
def test_reject_leaves_those_before_it_alone(both, receiver, how, state):
    server, echo, sleepy, _ = both
    with contextlib.ExitStack() as stack:
        earlier = Earlier(stack, server, receiver, state, sleepy, "reject")
        status, run, text = ask(server, how, earlier.thread, echo, "reject")
        assert status == 409 and run is None
        assert {server.run(each)["status"] for each in earlier.runs} <= {"pending", "running"}
        assert len(server.get(f"/threads/{earlier.thread}/runs").json()) == len(earlier.runs)
        for each in reversed(earlier.runs):
            assert server.post(f"/threads/{earlier.thread}/runs/{each['run_id']}/cancel?wait=1").status_code == 200
        earlier.check_they_end_as("interrupted")
