# SPDX-License-Identifier: Apache-2.0
"""Signatures, as receivers verify them: with the official libraries of PyPI and npm."""
import base64
import json
import random
import signal
import threading
import time

import pytest
import standardwebhooks

import node_verify
from receiver import Reply
from server import SLOW, native_config
from waiting import until

BODIES = 1000
# One of 24 bytes, one of 64: the least and the most that is allowed.
OLD, NEW, OTHER = ("whsec_" + base64.b64encode(bytes(range(first, first + size))).decode() for first, size in ((0, 24), (64, 64), (7, 32)))
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")

TEXTS = ["", " ", "plain", "äöü ß", "日本語テキスト", "👩‍👩‍👧‍👦🏳️‍🌈", "עברית العربية", "\u2028\u2029\ufeff\u200b", "e\u0301 ≠ é", "\U0010ffff", "</script>&amp;%00",
         "line\nfeed\ttab\r\n", "\"quoted\" \\ / \b\f", "\x7f\u0080", "a" * 300]
# JSON texts that another writer would spell differently: they must arrive, and be signed, as they were given.
LITERALS = ["0", "-0", "-0.0", "1e5", "1E+5", "1.0", "0.1", "18446744073709551616", "123456789012345678901234567890", "1e300", "4.9e-324", "true", "null",
            r'"\u00e9"', r'"\ud83d\ude00"', r'"\/"', r'"\u0000"', r'"\u001f"', "[]", "{}", "[ ]", '{ "a" : 1 }', '[1 ,2]', '{"a":1,"b":{"c":[{}]}}']


def value(chosen, depth=0):
    """A JSON text."""
    kind = chosen.randrange(0 if depth else 2, 6 if depth < 5 else 2)
    if kind == 0:
        return chosen.choice(LITERALS)
    if kind == 1:
        return json.dumps("".join(chosen.choices(TEXTS, k=chosen.randrange(4))), ensure_ascii=chosen.random() < 0.5)
    if kind in (2, 3):
        return "[" + ",".join(value(chosen, depth + 1) for _ in range(chosen.randrange(0 if depth else 3, 6))) + "]"
    keys = [json.dumps(f"{number} {chosen.choice(TEXTS)}") for number in range(chosen.randrange(0 if depth else 3, 6))]
    return "{" + ",".join(f"{key}:{value(chosen, depth + 1)}" for key in keys) + "}"


def inputs():
    """JSON texts, each a run's input. A body holds it three times: as input, in the values, and as the graph's output."""
    chosen = random.Random(4)
    odd = ["{}", "null", '{"text":""}', '{"text":null}', '{"text":%s1%s}' % ("[" * 60, "]" * 60), '{"text":"%s"}' % ("👋" * 10_000)]
    large = ["".join(chosen.choices(TEXTS, k=1000))[:10_000] for _ in range(30)]
    odd += ['{"text":%s}' % json.dumps(text, ensure_ascii=chosen.random() < 0.5) for text in large]
    return odd + ['{"text":%s}' % value(chosen) for _ in range(BODIES - len(odd))]


def secret_config(*secrets, **more):
    return native_config(webhooks={"secrets": list(secrets), "stateless_values": True, "retry": {"schedule": [2, 2, 2]}, **more.pop("webhooks", {})}, **more)


def start(server, text, url):
    """A run with that JSON text as its input, byte for byte."""
    body = '{"assistant_id":"native_echo","webhook":%s,"input":%s}' % (json.dumps(url), text)
    answer = server.http.post("/runs", content=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, (answer.text, text[:200])
    return answer.json()["run_id"]


def case(came, secret):
    return secret, came.body, {name: came.header(name) for name in NAMES}


def python_verdict(secret, body, headers):
    try:
        standardwebhooks.Webhook(secret).verify(body, headers)
    except standardwebhooks.WebhookVerificationError as error:
        return str(error)
    return "ok"


def accepted(cases):
    """Whether each is accepted; both libraries must agree on it."""
    python = [python_verdict(*each) == "ok" for each in cases]
    assert [verdict == "ok" for verdict in node_verify.verify(cases)] == python
    return python


@pytest.fixture
def rotating(serve):
    return serve(secret_config(NEW, OLD))


@pytest.mark.timeout(120 * SLOW)
def test_a_thousand_bodies_are_verified_by_both_libraries_with_either_secret(rotating, receiver):
    given = {start(rotating, text, receiver.url()): text for text in inputs()}
    assert len(given) == BODIES
    came = receiver.wait(count=BODIES, timeout_s=60 * SLOW)
    assert {each.json()["run_id"] for each in came} == set(given)
    assert sum(len(each.body) > 30_000 for each in came) >= 20 and max(len(each.body) for each in came) > 100_000
    for each in came:  # what was signed is what was given, not another spelling of it
        assert b'"input":' + given[each.json()["run_id"]].encode() in each.body
        assert each.header("webhook-signature").count("v1,") == 2
    assert all(accepted([case(each, secret) for each in came for secret in (OLD, NEW)]))
    assert not any(accepted([case(each, OTHER) for each in came[:20]]))


def test_what_was_changed_on_the_way_is_refused(rotating, receiver):
    start(rotating, '{"text":"pay 10"}', receiver.url())
    secret, body, headers = case(receiver.one(), NEW)
    stamp = int(headers["webhook-timestamp"])
    changed = [(secret, body.replace(b"pay 10", b"pay 99"), headers), (secret, body + b" ", headers), (secret, body[:-1] + b" }", headers),
               (secret, body, {**headers, "webhook-id": headers["webhook-id"][:-1] + "x"}),
               (secret, body, {**headers, "webhook-timestamp": str(stamp + 1)}), (secret, body, {**headers, "webhook-timestamp": str(stamp - 1)})]
    assert accepted([(secret, body, headers)]) == [True]
    assert accepted(changed) == [False] * len(changed)


def test_a_retry_is_signed_anew_with_its_own_time(rotating, receiver):
    receiver.script = [Reply(503), Reply(500)]
    start(rotating, '{"text":"x"}', receiver.url())
    came, seen = [], time.time()
    for count in (1, 2, 3):
        came.append(receiver.wait(count=count, timeout_s=15 * SLOW)[-1])
        last, seen = seen, time.time()
        assert int(last) <= int(came[-1].header("webhook-timestamp")) <= int(seen)  # signed when it was sent
    assert len({each.body for each in came}) == 1 and len({each.header("webhook-id") for each in came}) == 1
    assert len({each.header("webhook-timestamp") for each in came}) == 3
    assert len({each.header("webhook-signature") for each in came}) == 3
    assert all(accepted([case(each, secret) for each in came for secret in (OLD, NEW)]))
    first, second = case(came[0], NEW), case(came[1], NEW)
    mixed = {**first[2], "webhook-signature": second[2]["webhook-signature"]}
    assert accepted([(NEW, first[1], mixed)]) == [False]


def test_without_secrets_nothing_is_signed(native, receiver):
    native.create_run("native_echo", {"text": "x"}, webhook=receiver.url("/unsigned"))
    came = receiver.one("/unsigned")
    assert came.header("webhook-signature") is None and came.header("webhook-id")
    assert abs(int(came.header("webhook-timestamp")) - time.time()) < 60


class Changing:
    """A server whose secrets stand in its .env file and in a file of their own."""

    def __init__(self, serve):
        self.server = serve.make(secret_config("${{ env.LG_WEBHOOK_SECRET }}", "file:secrets.txt", env=".env"))
        self.write(OLD, OLD)
        self.server.start()

    def write(self, in_env, in_file):
        (self.server.folder / ".env").write_text(f"LG_WEBHOOK_SECRET={in_env}\n")
        (self.server.folder / "secrets.txt").write_text(f"{in_file}\n")

    def hang_up(self, event):
        seen = self.server.log().count(event)
        self.server.process.send_signal(signal.SIGHUP)
        until(lambda: self.server.log().count(event) > seen, event, 10 * SLOW)


@pytest.fixture
def changing(serve):
    return Changing(serve)


def test_new_secrets_sign_after_sighup_and_no_delivery_is_lost_meanwhile(changing, receiver):
    receiver.default = Reply(when=threading.Event())
    sent = [start(changing.server, '{"text":%d}' % number, receiver.url()) for number in range(200)]
    before = receiver.wait(count=2)
    changing.write(NEW, OTHER)
    changing.hang_up("server.reloaded")
    receiver.default.when.set()
    last = start(changing.server, '{"text":"after"}', receiver.url("/after"))
    assert receiver.one("/after", 30 * SLOW).json()["run_id"] == last
    came = receiver.wait(count=200, timeout_s=60 * SLOW)
    assert sorted(each.json()["run_id"] for each in came) == sorted(sent)
    assert len(receiver.at("/hook")) == 200
    # Each is signed wholly with the one set or wholly with the other.
    signed = list(zip(*[iter(accepted([case(each, secret) for each in came for secret in (OLD, NEW, OTHER)]))] * 3))
    assert set(signed) == {(True, False, False), (False, True, True)}
    assert all(accepted([case(each, OLD) for each in before]))
    assert accepted([case(receiver.one("/after"), secret) for secret in (OLD, NEW, OTHER)]) == [False, True, True]


def test_a_secret_that_is_none_leaves_the_old_ones(changing, receiver):
    changing.write(NEW, "whsec_short")
    changing.hang_up("server.not_reloaded")
    start(changing.server, '{"text":"x"}', receiver.url())
    assert accepted([case(receiver.one(), secret) for secret in (OLD, NEW)]) == [True, False]
    assert not any(text in changing.server.log() for text in ("whsec_short", OLD[6:], NEW[6:]))
