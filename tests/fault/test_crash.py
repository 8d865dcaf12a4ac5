# SPDX-License-Identifier: Apache-2.0
import pytest

import crash_rounds
from receiver import Received, Receiver, Reply
from server import SLOW


@pytest.mark.timeout(240 * SLOW)
@pytest.mark.parametrize("victim", ["server", "workers"])
def test_five_rounds_of_kill_9(victim, capsys):
    assert crash_rounds.main(["--rounds", "5", "--victim", victim]) == 0, capsys.readouterr().out


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
