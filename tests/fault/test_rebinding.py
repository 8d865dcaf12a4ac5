# SPDX-License-Identifier: Apache-2.0
"""Names that resolve to where no webhook may go. In a network namespace with its own name server: the server listens on
0.0.0.0, so that loopback is refused but for 127.0.0.1, which is listed. What must not be called has a listener that is
never connected to. Every test ends with a webhook that arrives."""
import contextlib
import itertools
import socket
import time

import pytest

from attempts import LOG, attempts, outcomes, until_ended
from dns import A, AAAA, SERVFAIL, Answer, NameServer, addresses
from netns import Namespace, name_server
from receiver import Receiver
from server import SLOW, Server, native_config
from waiting import until

PUBLIC = "8.8.4.4"  # here: an address of the namespace's own loopback interface
METADATA = ["169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254"]
FORBIDDEN = ["127.0.0.2", *METADATA]
TIMEOUT_S = 2
NUMBER = itertools.count()


class Canary:
    """Listens where nobody may call. The system completes connections by itself, so one that came is seen later as well."""

    def __init__(self, host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.name = f"{host}:{port}"
        self.listener = socket.create_server((host, port), family=family)
        self.listener.setblocking(False)

    def called(self):
        try:
            connection, peer = self.listener.accept()
        except BlockingIOError:
            return None
        connection.close()
        return peer


class World:
    """Everything that is inside the namespace."""

    def __init__(self, server, names, receiver, canaries):
        self.server, self.names, self.receiver, self.canaries = server, names, receiver, canaries

    def name(self, *script):
        """A new name that answers so."""
        name = f"n{next(NUMBER)}.example"
        self.names.script[name] = list(script)
        return name

    def send(self, host, path="/hook"):
        """A run whose webhook goes to `host` at the port where receiver and canaries are."""
        url = f"http://{host}:{self.receiver.port}{path}"
        return self.server.create_run("native_echo", {"text": "x"}, webhook=url)

    def outcomes(self, run):
        return outcomes(self.server, run)

    def quiet(self):
        """No canary has been called."""
        return [(each.name, peer) for each in self.canaries if (peer := each.called())] == []

    def recovers(self):
        path = f"/good{next(NUMBER)}"
        assert self.outcomes(self.send("127.0.0.1", path)) == ["success"]
        assert len(self.receiver.at(path)) == 1
        return True


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    own = [f"{each}/{128 if ':' in each else 32}" for each in [PUBLIC, *METADATA]]
    with contextlib.ExitStack() as stack:
        stack.enter_context(Namespace(addresses=own))
        names = stack.enter_context(NameServer(name_server()))
        receiver = stack.enter_context(Receiver("127.0.0.1"))
        canaries = [Canary(host, receiver.port) for host in FORBIDDEN]
        webhooks = {"retry": {"schedule": [0]}, "timeout_seconds": TIMEOUT_S,
                    "url": {"allowed_networks": ["127.0.0.1/32"]}}
        server = Server(tmp_path_factory.mktemp("rebinding"), native_config(webhooks=webhooks),
                        args=["--host", "0.0.0.0", *LOG])
        stack.enter_context(server)
        yield World(server, names, receiver, canaries)
        for canary in canaries:
            canary.listener.close()


def test_a_name_with_an_allowed_address_is_called_under_its_name(world):
    name = world.name(addresses("127.0.0.1"))
    assert world.outcomes(world.send(name, "/named")) == ["success"]
    came = world.receiver.at("/named")
    assert [each.header("host") for each in came] == [f"{name}:{world.receiver.port}"]
    assert world.names.count(name, A) == 1 and world.names.count(name, AAAA) == 1


@pytest.mark.parametrize("bad", [("127.0.0.2",), ("::ffff:127.0.0.2",), ("0.0.0.0",), ("::",), ("::1",), ("10.0.0.1",),
                                 ("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "::ffff:127.0.0.2"),
                                 (PUBLIC, "127.0.0.2"), ("127.0.0.1", "::1"), ("127.0.0.1", "169.254.169.254"),
                                 ("64:ff9b::7f00:2",), ("2002:7f00:2::1",), ("fec0::1",), ("224.0.0.1",),
                                 *((each,) for each in METADATA), *((f"::ffff:{each}",) for each in METADATA[:3])])
def test_one_bad_address_among_the_answers_stops_every_attempt(world, bad):
    name = world.name(addresses(*bad))
    run = world.send(name, "/never")
    assert world.outcomes(run) == ["blocked", "blocked"]
    assert all("Webhook host blocked" in each["error"] for each in attempts(world.server, run))
    assert world.receiver.at("/never") == [] and world.quiet()
    assert world.names.count(name, A) == 2  # one lookup for each attempt
    assert world.recovers()


def test_a_name_that_turns_bad_after_it_was_judged_was_dialled_as_it_was_judged(world):
    """Judging and dialling must not look the name up twice."""
    name = world.name(addresses("127.0.0.1"), addresses("127.0.0.2"))
    assert world.outcomes(world.send(name, "/first")) == ["success"]
    assert world.names.count(name, A) == 1 and world.names.count(name, AAAA) == 1
    assert len(world.receiver.at("/first")) == 1 and world.quiet()
    # The next delivery looks it up again, though a connection to the good address has been kept.
    assert world.outcomes(world.send(name, "/second")) == ["blocked", "blocked"]
    assert world.receiver.at("/second") == [] and world.quiet()
    assert world.recovers()


def test_a_public_name_that_turns_into_loopback_is_stopped_at_the_retry(world):
    name = world.name(addresses(PUBLIC), addresses("127.0.0.2"))
    run = world.send(name, "/public")  # where nobody listens
    assert world.outcomes(run) == ["connect_refused", "blocked"]
    assert world.quiet()
    name = world.name(addresses("127.0.0.2"), addresses("127.0.0.1"))
    assert world.outcomes(world.send(name, "/turned-good")) == ["blocked", "success"]
    assert len(world.receiver.at("/turned-good")) == 1 and world.quiet()
    assert world.recovers()


def test_an_alias_is_judged_by_the_addresses_at_its_end(world):
    good = world.name(addresses("127.0.0.1", alias="other.example"))
    assert world.outcomes(world.send(good, "/alias")) == ["success"]
    bad = world.name(addresses("127.0.0.2", alias="localhost"))
    assert world.outcomes(world.send(bad, "/bad-alias")) == ["blocked", "blocked"]
    assert len(world.receiver.at("/alias")) == 1 and world.receiver.at("/bad-alias") == [] and world.quiet()


def test_an_answer_that_comes_over_tcp_is_judged_as_well(world):
    name = world.name(addresses("127.0.0.1", "127.0.0.2", truncated=True))
    assert world.outcomes(world.send(name, "/tcp")) == ["blocked", "blocked"]
    assert any(asked == name for asked, _ in world.names.asked_by_tcp)
    assert world.receiver.at("/tcp") == [] and world.quiet()
    name = world.name(addresses("127.0.0.1", truncated=True))
    assert world.outcomes(world.send(name, "/tcp-good")) == ["success"]
    assert world.recovers()


def test_a_name_without_address_is_tried_again(world):
    run = world.send("nowhere.example", "/nowhere")
    assert world.outcomes(run) == ["dns_failed", "dns_failed"]
    name = world.name(Answer(code=SERVFAIL), Answer(code=SERVFAIL), Answer(code=SERVFAIL), addresses("127.0.0.1"))
    assert world.outcomes(world.send(name, "/came-back"))[-1] == "success"
    assert len(world.receiver.at("/came-back")) == 1


def test_a_silent_name_server_holds_an_attempt_no_longer_than_its_time_and_nobody_else(world):
    name = world.name(Answer(silent=True))
    run = world.send(name, "/silent")
    until(lambda: world.names.count(name, A), "the lookup")
    started = time.monotonic()
    assert world.recovers()
    assert time.monotonic() - started < TIMEOUT_S * SLOW
    ended = until_ended(world.server, run)
    assert [each["outcome"] for each in ended] == ["dns_failed", "dns_failed"]
    assert all(each["took_ms"] <= (TIMEOUT_S + 0.5) * 1000 for each in ended), ended


def test_a_slow_answer_is_judged_when_it_comes(world):
    name = world.name(addresses("127.0.0.2", delay_s=0.3))
    assert world.outcomes(world.send(name, "/slow")) == ["blocked", "blocked"]
    name = world.name(addresses("127.0.0.1", delay_s=0.3))
    assert world.outcomes(world.send(name, "/slow-good")) == ["success"]
    assert world.receiver.at("/slow") == [] and world.quiet()


@pytest.mark.parametrize("host", ["127.0.0.2", "127.2", "127.0.2", "2130706434", "0x7f000002", "0x7f.2", "0177.0.0.2", "017700000002",
                                  "127.0.0.2.", "%31%32%37.0.0.2", "①②⑦.0.0.2", "127。0。0。2", "[::ffff:127.0.0.2]",
                                  "[::ffff:7f00:2]", "[::127.0.0.2]", "[64:ff9b::7f00:2]", "[2002:7f00:2::]", "169.254.169.254",
                                  "2852039166", "[fd00:ec2::254]", "0.0.0.0", "[::]", "[::1]"])
def test_an_address_in_any_spelling_is_refused_when_the_run_is_created(world, host):
    answer = world.server.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"},
                                         "webhook": f"http://{host}:{world.receiver.port}/spelled"})
    assert answer.status_code == 422 and "blocked" in answer.json()["detail"], answer.text
    # Nor was a name server asked: a host that is no name of the other tests.
    assert {name for name, _ in world.names.asked} <= {*world.names.script, "nowhere.example"} and world.quiet()
    assert world.recovers()


@pytest.mark.parametrize("address", ["127.0.0.1", PUBLIC])
def test_a_name_of_the_server_itself_is_refused_at_the_attempt(world, address):
    name = world.name(addresses(address))
    run = world.server.create_run("native_echo", {"text": "x"}, webhook=f"http://{name}:{world.server.port}/threads")
    assert world.outcomes(run) == ["blocked", "blocked"]
    assert all("relative URL" in each["error"] for each in attempts(world.server, run))
    direct = world.server.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"},
                                         "webhook": f"http://{address}:{world.server.port}/threads"})
    assert direct.status_code == 422 and "relative URL" in direct.json()["detail"]
    assert world.recovers()
