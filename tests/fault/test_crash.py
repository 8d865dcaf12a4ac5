# SPDX-License-Identifier: Apache-2.0
import pytest

import crash_rounds
from receiver import Received, Receiver, Reply
from server import SLOW, native_config


@pytest.mark.timeout(240 * SLOW)
@pytest.mark.parametrize("victim", ["server", "workers"])
def test_a_few_rounds_of_kill_9(victim, capsys):
    assert crash_rounds.main(["--rounds", "4", "--victim", victim]) == 0, capsys.readouterr().out


def test_a_run_whose_server_dies_three_times_ends_in_a_clear_error(serve, receiver):
    server = serve(native_config())
    run = server.create_run("native_sleep", {"seconds": 60}, webhook=receiver.url())
    for life in (1, 2, 3):
        server.until_status(run, "running")
        attempt, = crash_rounds.promises.rows(server, "SELECT attempt, failures FROM runs")
        assert tuple(attempt) == (life, life - 1)
        server.kill()
        server.start()
    assert server.until_status(run, "error", "pending", "running")["status"] == "error"
    error = receiver.one().json()["error"]
    assert error == {"error": "ServerLost", "message": "the server ended unexpectedly while it executed the run, 3 times"}
    assert server.get(f"/threads/{run['thread_id']}").json()["status"] == "error"
    joined = server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join").json()
    assert joined["__error__"] == error
    # The server itself is not harmed: the thread takes another run.
    assert server.wait_run("native_echo", {"text": "x"}, thread=run["thread_id"])["out"] == "x"
    assert len(receiver.at("/hook")) == 1


def came(at, status, body=b'{"run_id":"r"}', name="d"):
    return Received(at, "POST", "/hook", [("webhook-id", name)], body, 0, Reply(status))


@pytest.mark.parametrize("arrivals, kills, fault", [
    ([came(1, 200), came(3, 200)], [], "no kill met its attempt"),
    ([came(1, 200), came(3, 200)], [(2, {"another"})], "no kill met its attempt"),
    ([came(1, 200), came(3, 200)], [(4, {"r"})], "no kill met its attempt"),
    ([came(1, 200), came(3, 200, b'{"run_id":"r" }')], [(2, {"r"})], "differ"),
    ([came(1, 200), came(3, 200, name="e")], [(2, {"r"})], "several ids"),
    ([came(1, 200), came(3, 200, b'{"run_id":"s"}')], [], "share a webhook-id")])
def test_the_rounds_notice_what_must_not_happen(arrivals, kills, fault):
    receiver = Receiver()
    receiver.received = arrivals
    told = crash_rounds.Arrivals([receiver])
    told.kills = kills
    with pytest.raises(crash_rounds.Broken, match=fault):
        told.check()


def test_the_rounds_allow_retries_and_what_was_in_flight_at_a_kill():
    receiver = Receiver()
    receiver.received = [came(1, 503), came(2, 200), came(4, 200)]
    told = crash_rounds.Arrivals([receiver])
    told.kills = [(3, {"r"})]
    told.check()
    assert told.count() == (3, 1, 1) and told.accepted() == {"r"}
