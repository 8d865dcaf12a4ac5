# SPDX-License-Identifier: Apache-2.0
"""Receivers at their worst, one at a time: whatever one does, the attempt ends in its time, memory stays bounded, and the
next delivery to a good receiver arrives. Where the attempt failed, the retry sends the same bytes."""
import gzip
import itertools
import threading

import pytest

from attempts import LOG, attempts, until_ended
from bad_receiver import OK, BadReceiver, good
from certificates import Authority
from memory import Memory
from receiver import Receiver
from server import SLOW, Server, native_config

TIMEOUT_S = 1
LATE_S = 0.5 * SLOW
RSS_GROWTH_KB = 16 * 1024 * SLOW
NUMBER = itertools.count()
MIB = 1 << 20
BOMB = gzip.compress(bytes(32 * MIB))  # 32 kB: all of it is read


def head(*lines, status="200 OK", version="1.1"):
    return "\r\n".join([f"HTTP/{version} {status}", *lines, "", ""]).encode()


def hang(exchange):
    exchange.hang()


def reset(exchange):
    exchange.reset()


def close(_):
    pass


def drip_head(exchange):
    exchange.drip(head("Content-Length: 0"))


def drip_body(exchange):
    exchange.send(head("Content-Length: 100"))
    exchange.drip(b"x" * 100)


def huge_head(exchange):
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        exchange.send(f"X-{number}: {'a' * 10_000}\r\n".encode())


def endless_header(exchange):
    exchange.send(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        exchange.send(b"a" * 65536)


def huge_body(exchange):
    exchange.send(head(f"Content-Length: {100 * MIB}"))
    for _ in range(100):
        exchange.send(b"x" * MIB)


def endless_chunks(exchange):
    exchange.send(head("Transfer-Encoding: chunked"))
    while True:
        exchange.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def bomb(exchange):
    exchange.send(head("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}") + BOMB)


def reset_midway(exchange):
    exchange.send(head("Content-Length: 100") + b"half")
    exchange.reset()


def close_midway(exchange):
    exchange.send(head("Content-Length: 100") + b"half")


def says(*parts):
    def behave(exchange):
        for part in parts:
            exchange.send(part)
        exchange.hang()
    return behave


def endless_interim(exchange):
    while True:
        exchange.send(b"HTTP/1.1 102 Processing\r\n\r\n")


# What the attempt may end as.
FAILS = {
    "hang": (hang, {"timeout"}),
    "drip of the head": (drip_head, {"timeout"}),
    "drip of the body": (drip_body, {"timeout"}),
    "huge head": (huge_head, {"bad_response"}),
    "endless header": (endless_header, {"bad_response"}),
    "reset after the request": (reset, {"reset"}),
    "close after the request": (close, {"reset"}),
    "reset in the answer": (reset_midway, {"reset"}),
    "close in the answer": (close_midway, {"reset"}),
    "length that is no number": (says(head("Content-Length: many")), {"bad_response"}),
    "negative length": (says(head("Content-Length: -1")), {"bad_response"}),
    "two lengths": (says(head("Content-Length: 0", "Content-Length: 5")), {"bad_response"}),
    "length beyond all numbers": (says(head(f"Content-Length: {10 ** 30}")), {"bad_response"}),
    "bad chunk": (says(head("Transfer-Encoding: chunked"), b"zz\r\n"), {"bad_response"}),
    "endless interim answers": (endless_interim, {"bad_response", "timeout"}),
    "interim answer and silence": (says(head(status="103 Early Hints")), {"timeout"}),
    "HTTP/2": (says(b"\0\0\x12\4\0\0\0\0\0" + b"\0" * 18), {"bad_response"}),
    "HTTP/3.7": (says(head("Content-Length: 0", version="3.7")), {"bad_response"}),
    "SSH": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), {"bad_response"}),
    "switching protocols": (says(head("Upgrade: x", status="101 Switching Protocols")), {"bad_response", "http_error", "timeout"}),
}
# Odd, but a 2xx is a 2xx.
SUCCEEDS = {
    "huge body": huge_body,
    "endless chunks": endless_chunks,
    "gzip bomb": bomb,
    "HTTP/1.0": lambda exchange: exchange.send(head(version="1.0") + b"until it closes"),
    "HTTP/1.0 with a length": lambda exchange: exchange.send(head("Content-Length: 2", version="1.0") + b"ok"),
    "interim answers first": says(head(status="103 Early Hints"), head(status="102 Processing"), OK),
    "more than its length": says(head("Content-Length: 2") + b"ok" + b"x" * 100_000),
    "no content": says(head(status="204 No Content")),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    webhooks = {"retry": {"schedule": [0]}, "timeout_seconds": TIMEOUT_S, "tls": {"ca_file": str(authority.ca_file)}}
    with Server(tmp_path_factory.mktemp("bad"), native_config(webhooks=webhooks), args=LOG) as started:
        recovers(started)  # warm: memory is compared from here on
        yield started


def send(server, url):
    return server.create_run("native_echo", {"text": "x" * 1000}, webhook=url)


def recovers(server):
    with Receiver() as receiver:
        path = f"/good{next(NUMBER)}"
        run = send(server, receiver.url(path))
        assert receiver.one(path).json()["run_id"] == run["run_id"]
        assert until_ended(server, run)[-1]["event"] == "webhook.delivered"


def same_delivery(requests):
    """All of them are one delivery: the same bytes and the same id."""
    first = requests[0]
    assert all(each.body == first.body and each.target == first.target for each in requests)
    assert len({each.headers["webhook-id"] for each in requests}) == 1


def in_time(ended):
    assert all(each["took_ms"] <= (TIMEOUT_S + LATE_S) * 1000 for each in ended), ended


@pytest.mark.parametrize("name", FAILS)
def test_a_bad_answer_is_a_failed_attempt_and_the_retry_sends_the_same(server, name):
    behaviour, expected = FAILS[name]
    memory = Memory(server.process.pid)
    before = memory.reset()
    with BadReceiver(behaviour, good) as bad:
        run = send(server, bad.url())
        ended = until_ended(server, run)
        assert [each["event"] for each in ended] == ["webhook.retry", "webhook.delivered"], ended
        assert ended[0]["outcome"] in expected, ended
        in_time(ended)
        assert len(bad.requests) == 2
        same_delivery(bad.requests)
    assert memory.peak_kb() - before < RSS_GROWTH_KB
    recovers(server)


@pytest.mark.parametrize("name", SUCCEEDS)
def test_an_odd_answer_is_an_answer(server, name):
    memory = Memory(server.process.pid)
    before = memory.reset()
    with BadReceiver(SUCCEEDS[name]) as odd:
        run = send(server, odd.url())
        ended = until_ended(server, run)
        assert [each["event"] for each in ended] == ["webhook.delivered"], ended
        in_time(ended)
        assert len(odd.requests) == 1
    assert memory.peak_kb() - before < RSS_GROWTH_KB
    recovers(server)


def test_a_receiver_that_resets_whoever_connects(server):
    with BadReceiver(reset, good, at_accept=True) as bad:
        run = send(server, bad.url())
        ended = until_ended(server, run)
        assert [each["event"] for each in ended] == ["webhook.retry", "webhook.delivered"], ended
        assert ended[0]["outcome"] in {"reset", "connect_failed"}
        assert len(bad.requests) == 1
    recovers(server)


def test_a_receiver_that_is_bad_for_ever_is_given_up(server):
    with BadReceiver(hang) as bad:
        ended = until_ended(server, send(server, bad.url()))
        assert [each["event"] for each in ended] == ["webhook.retry", "webhook.failed"], ended
        in_time(ended)
        same_delivery(bad.requests)
    recovers(server)


@pytest.mark.parametrize("kind, expected", [("expired", "tls_expired"), ("another host's", "tls_hostname"),
                                            ("another address's", "tls_hostname"), ("self-signed", "tls_untrusted"),
                                            ("another authority's", "tls_untrusted")])
def test_a_certificate_that_proves_nothing_gets_nothing(server, authority, tmp_path, kind, expected):
    wrong = {"expired": lambda: authority.server(days=-1), "another host's": lambda: authority.server("DNS:other.example"),
             "another address's": lambda: authority.server("IP:127.0.0.2"), "self-signed": authority.self_signed,
             "another authority's": lambda: Authority(tmp_path).server()}[kind]()
    with BadReceiver(good, tls=[wrong, authority.server()]) as bad:
        ended = until_ended(server, send(server, bad.url()))
        assert [each["event"] for each in ended] == ["webhook.retry", "webhook.delivered"], ended
        assert ended[0]["outcome"] == expected
        in_time(ended)
        assert len(bad.requests) == 1  # not a byte of it came before
    recovers(server)


def test_a_receiver_without_tls_behind_an_https_url(server):
    with BadReceiver(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), at_accept=True) as plain:
        ended = until_ended(server, send(server, plain.url().replace("http:", "https:")))
        assert [each["outcome"] for each in ended] == ["tls_failed", "tls_failed"]
        assert plain.requests == []
    recovers(server)


def test_a_handshake_that_never_ends(server):
    with BadReceiver(hang, at_accept=True) as silent:
        ended = until_ended(server, send(server, silent.url().replace("http:", "https:")))
        assert {each["outcome"] for each in ended} <= {"connect_timeout", "timeout"}, ended
        in_time(ended)
    recovers(server)


def test_many_bad_receivers_at_once_stay_within_bounds(server):
    """Every kind, several at a time, each with a delivery of its own."""
    memory = Memory(server.process.pid)
    before = memory.reset()
    behaviours = [*(behaviour for behaviour, _ in FAILS.values()), *SUCCEEDS.values()]
    receivers = [BadReceiver(behaviour, good).__enter__() for behaviour in behaviours]
    try:
        runs = []
        threads = [threading.Thread(target=lambda each=each: runs.append(send(server, each.url()))) for each in receivers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(runs) == len(receivers)
        for run in runs:
            assert until_ended(server, run)[-1]["event"] == "webhook.delivered"
            assert len(attempts(server, run)) <= 2
    finally:
        for each in receivers:
            each.__exit__()
    assert memory.peak_kb() - before < 2 * RSS_GROWTH_KB
    recovers(server)
