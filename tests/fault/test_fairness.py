# SPDX-License-Identifier: Apache-2.0
"""What a receiver that hangs may not do to the others, and to a server that wants to stop."""
import datetime
import itertools
import time

from attempts import LOG
from receiver import Receiver, Reply
from server import SLOW, native_config
from waiting import until

PENDING, HEALTHY = 1000, 200
LATENCY_S = 0.25 * SLOW


def hooks(**more):
    return native_config(webhooks={"retry": {"schedule": [1, 1, 1]}, **more})


def latency_s(came):
    """From the run's end to the request's arrival."""
    ended = datetime.datetime.fromisoformat(came.json()["run_ended_at"]).timestamp()
    return came.at + (time.time() - time.monotonic()) - ended


def test_a_thousand_deliveries_to_a_receiver_that_hangs_delay_no_other(serve, receiver):
    server = serve(hooks(timeout_seconds=30), args=LOG)
    with Receiver(default=Reply(hang=True)) as hanging:
        run = {"assistant_id": "native_echo", "input": {"text": "x"}, "webhook": hanging.url()}
        for _ in range(PENDING // 100):
            assert server.post("/runs/batch", [run] * 100).status_code == 200
        until(lambda: server.get("/metrics?format=json").json()["webhooks"]["pending"] >= PENDING, "all to be pending", 60 * SLOW)
        hanging.wait(count=1)
        for number in range(HEALTHY):
            server.post("/runs", {**run, "webhook": receiver.url(f"/{number}")})
            receiver.one(f"/{number}")
        slowest = sorted(map(latency_s, receiver.received))
        assert len(slowest) == HEALTHY
        assert slowest[int(HEALTHY * 0.99) - 1] <= LATENCY_S, slowest[-5:]
        # It holds its own share of the slots, and no more.
        assert len(hanging.received) <= 16


def test_a_stop_in_the_middle_of_an_attempt_loses_nothing(serve):
    server = serve(hooks(timeout_seconds=30), args=LOG)
    with Receiver(script=[Reply(hang=True)]) as slow:
        run = server.create_run("native_echo", {"text": "x"}, webhook=slow.url())
        first = slow.one()
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 15 * SLOW
        server.start()
        second = slow.wait(count=2)[1]
        assert second.body == first.body and second.header("webhook-id") == first.header("webhook-id")
        assert second.json()["run_id"] == run["run_id"]
        until(lambda: "webhook.delivered" in server.log(), "the delivery to be recorded")
        assert len(slow.received) == 2


def test_an_attempt_that_ends_while_the_server_stops_is_not_repeated(serve):
    server = serve(hooks(timeout_seconds=30), args=LOG)
    with Receiver(script=[Reply(delay_s=0.5)]) as slow:
        server.create_run("native_echo", {"text": "x"}, webhook=slow.url())
        slow.one()
        assert server.stop() == 0
        server.start()
        server.create_run("native_echo", {"text": "x"}, webhook=slow.url("/after"))
        slow.one("/after")
        assert len(slow.at("/hook")) == 1


def test_a_hanging_receiver_holds_back_only_itself_after_a_kill(serve, receiver):
    server = serve(hooks(timeout_seconds=2), args=LOG)
    with Receiver(default=Reply(hang=True)) as hanging:
        for number in itertools.islice(itertools.count(), 20):
            server.create_run("native_echo", {"text": str(number)}, webhook=hanging.url())
        hanging.wait(count=1)
        server.kill()
        server.start()
        server.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
        assert latency_s(receiver.one()) <= 2 * SLOW
        hanging.default = Reply()
        until(lambda: len({each.header("webhook-id") for each in hanging.received}) == 20, "all of them", 40 * SLOW)
