# SPDX-License-Identifier: Apache-2.0
"""The visible side of webhooks: /webhooks/deliveries, /webhooks/test and the metrics, with real receivers."""
import datetime
import re
import threading
import uuid

import pytest

from receiver import Receiver, Reply
from server import SLOW, Server, native_config, project
from shapes import is_time
from waiting import until

DELIVERY = ["delivery_id", "run_id", "thread_id", "url", "status", "attempt_count", "next_attempt_at", "created_at", "updated_at",
            "attempts"]
ATTEMPT = ["number", "started_at", "duration_ms", "dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "status_code", "outcome", "error"]
HOUR = 3600


def hook():
    """A path of this test alone."""
    return f"/{uuid.uuid4().hex}"


def retrying(*schedule, **more):
    return native_config(webhooks={"retry": {"schedule": list(schedule)}}, **more)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Tries once more, at once."""
    with Server(tmp_path_factory.mktemp("quick"), retrying(0)) as server:
        yield server


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """Tries once more in an hour."""
    with Server(tmp_path_factory.mktemp("patient"), retrying(HOUR)) as server:
        yield server


def send(server, url):
    """A run that has ended, with this webhook; the run's id."""
    run = server.create_run("native_echo", {"text": "x"}, webhook=url)
    server.until_status(run, "success")
    return run["run_id"]


def of_run(server, run_id):
    found = server.get("/webhooks/deliveries", params={"run_id": run_id}).json()["deliveries"]
    return found[0] if found else None


def get(server, delivery_id):
    answer = server.get(f"/webhooks/deliveries/{delivery_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def settled(server, run_id, status, attempts=None):
    """The delivery of a run, once it has this status (and so many attempts logged), with its attempts."""
    def look():
        found = of_run(server, run_id)
        good = found and found["status"] == status and attempts in (None, len(found["attempts"]))
        return found if good else None

    return get(server, until(look, f"delivery of {run_id} to be {status}", 20 * SLOW)["delivery_id"])


def act(server, delivery, verb):
    return server.post(f"/webhooks/deliveries/{delivery['delivery_id']}/{verb}")


def detail(answer, status):
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["detail"]
    return answer.json()["detail"]


def when(text):
    return datetime.datetime.fromisoformat(text)


def metrics(server):
    """Deliveries created, pending, and by outcome."""
    text = server.get("/metrics").text
    one = lambda name: float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1))  # noqa: E731
    outcomes = {name: float(value) for name, value in
                re.findall(r'^heddle_webhook_deliveries_total\{outcome="(\w+)"\} (\S+)$', text, re.MULTILINE)}
    return {"created": one("heddle_webhook_deliveries_created_total"), "pending": one("heddle_webhook_pending"),
            "oldest": one("heddle_webhook_oldest_pending_seconds"), "outcomes": outcomes}


# ---------------------------------------------------------------------------------------------- how deliveries go

def test_a_delivered_webhook_is_shown_with_its_attempt(quick, receiver):
    path = hook()
    receiver.default = Reply(200, body="thank you ☺".encode())
    run_id = send(quick, receiver.url(path))
    found = settled(quick, run_id, "succeeded")
    assert list(found) == DELIVERY and found["run_id"] == run_id and found["url"] == receiver.url(path)
    assert found["attempt_count"] == 1 and found["next_attempt_at"] is None
    assert is_time(found["created_at"]) and is_time(found["updated_at"]) and found["created_at"] <= found["updated_at"]
    assert found["delivery_id"] == receiver.one(path).header("webhook-id")
    (attempt,) = found["attempts"]
    assert list(attempt) == [*ATTEMPT, "response_body"]
    assert attempt["number"] == 1 and attempt["outcome"] == "success" and attempt["status_code"] == 200 and attempt["error"] is None
    assert attempt["response_body"] == "thank you ☺"
    assert attempt["started_at"] == receiver.one(path).json()["webhook_sent_at"]
    assert 0 < attempt["first_byte_ms"] <= attempt["duration_ms"] < 60_000 and attempt["tls_ms"] is None
    listed = of_run(quick, run_id)
    assert list(listed) == DELIVERY and list(listed["attempts"][0]) == ATTEMPT  # without the response
    assert {**found, "attempts": None} == {**listed, "attempts": None}


def test_every_attempt_is_kept(quick, receiver):
    path = hook()
    receiver.script = [Reply(500, body=b"no")]
    found = settled(quick, send(quick, receiver.url(path)), "succeeded")
    first, second = found["attempts"]
    assert (first["number"], first["outcome"], first["status_code"], first["response_body"]) == (1, "http_error", 500, "no")
    assert "500" in first["error"]
    assert (second["number"], second["outcome"], second["status_code"], second["error"]) == (2, "success", 200, None)
    assert first["started_at"] < second["started_at"] and found["attempt_count"] == 2


def test_one_that_waits_says_for_when(patient, receiver):
    path = hook()
    receiver.script = [Reply(503)]
    found = settled(patient, send(patient, receiver.url(path)), "pending", attempts=1)
    pause = (when(found["next_attempt_at"]) - when(found["updated_at"])).total_seconds()
    assert 0.79 * HOUR < pause < 1.21 * HOUR
    assert metrics(patient)["oldest"] > 0
    act(patient, found, "cancel")


def test_when_the_schedule_has_ended_it_is_exhausted(quick, receiver):
    receiver.default = Reply(500)
    found = settled(quick, send(quick, receiver.url(hook())), "exhausted")
    assert found["attempt_count"] == 2 and found["next_attempt_at"] is None
    assert [each["outcome"] for each in found["attempts"]] == ["http_error"] * 2


def test_410_ends_it(patient, receiver):
    receiver.default = Reply(410)
    found = settled(patient, send(patient, receiver.url(hook())), "gone")
    assert found["attempt_count"] == 1 and found["attempts"][0]["outcome"] == "gone"


def test_a_refused_connection_has_no_status_code(patient):
    receiver = Receiver().start()
    url = receiver.url()
    receiver.stop()
    found = settled(patient, send(patient, url), "pending", attempts=1)
    (attempt,) = found["attempts"]
    assert attempt["outcome"] == "connect_refused" and attempt["status_code"] is None and attempt["response_body"] is None
    assert attempt["error"] and attempt["first_byte_ms"] is None
    act(patient, found, "cancel")


# ---------------------------------------------------------------------------------------------- cancel

def test_a_cancelled_delivery_is_not_sent_again(patient, receiver):
    path = hook()
    receiver.script = [Reply(500)]
    found = settled(patient, send(patient, receiver.url(path)), "pending", attempts=1)
    before = metrics(patient)
    answer = act(patient, found, "cancel")
    assert answer.status_code == 200 and list(answer.json()) == DELIVERY
    assert answer.json()["status"] == "cancelled" and answer.json()["next_attempt_at"] is None
    after = metrics(patient)
    assert after["pending"] == before["pending"] - 1
    assert after["outcomes"]["cancelled"] == before["outcomes"].get("cancelled", 0) + 1
    assert "cancelled" in detail(act(patient, found, "cancel"), 409)
    assert len(receiver.at(path)) == 1


def test_only_pending_deliveries_can_be_cancelled(quick, receiver):
    found = settled(quick, send(quick, receiver.url(hook())), "succeeded")
    assert "succeeded" in detail(act(quick, found, "cancel"), 409)


def test_an_attempt_under_way_is_left_alone_and_logged(patient):
    with Receiver("127.0.0.3", default=Reply(200, delay_s=600)) as slow:
        path = hook()
        run_id = send(patient, slow.url(path))
        slow.one(path)
        found = of_run(patient, run_id)
        assert found["status"] == "pending" and found["next_attempt_at"] is None
        assert found["attempt_count"] == 1 and found["attempts"] == []
        assert detail(act(patient, found, "resend"), 409) == "An attempt is under way"
        assert act(patient, found, "cancel").json()["status"] == "cancelled"
        assert detail(act(patient, found, "resend"), 409) == "An attempt is under way"
        slow.release()  # now it answers
        logged = settled(patient, run_id, "cancelled", attempts=1)
        assert logged["attempts"][0]["outcome"] == "success" and logged["status"] == "cancelled"
        assert act(patient, found, "resend").status_code == 200
        assert settled(patient, run_id, "succeeded")["attempt_count"] == 2


# ---------------------------------------------------------------------------------------------- resend

def test_a_resent_delivery_has_the_same_id_and_bytes(quick, receiver):
    path = hook()
    run_id = send(quick, receiver.url(path))
    found = settled(quick, run_id, "succeeded")
    before = metrics(quick)
    answer = act(quick, found, "resend")
    assert answer.status_code == 200 and list(answer.json()) == DELIVERY
    assert answer.json()["status"] == "pending" and is_time(answer.json()["next_attempt_at"])
    again = settled(quick, run_id, "succeeded", attempts=2)
    assert again["attempt_count"] == 2 and again["created_at"] == found["created_at"]
    first, second = receiver.wait(path, 2)
    assert first.body == second.body and first.header("webhook-id") == second.header("webhook-id") == found["delivery_id"]
    after = until(lambda: now if (now := metrics(quick))["pending"] == before["pending"] else None, "the counters")
    assert after["created"] == before["created"] + 1
    assert after["outcomes"]["succeeded"] == before["outcomes"]["succeeded"] + 1


def test_a_resent_one_gets_a_new_round_of_attempts(quick, receiver):
    receiver.default = Reply(500)
    run_id = send(quick, receiver.url(hook()))
    found = settled(quick, run_id, "exhausted")
    assert act(quick, found, "resend").status_code == 200
    again = settled(quick, run_id, "exhausted", attempts=4)
    assert [each["number"] for each in again["attempts"]] == [1, 2, 3, 4]


def test_resending_a_pending_one_replaces_its_planned_attempt(patient, receiver):
    path = hook()
    receiver.script = [Reply(500)]
    run_id = send(patient, receiver.url(path))
    found = settled(patient, run_id, "pending", attempts=1)
    before = metrics(patient)
    assert act(patient, found, "resend").json()["status"] == "pending"
    assert settled(patient, run_id, "succeeded")["attempt_count"] == 2
    assert len({each.body for each in receiver.wait(path, 2)}) == 1
    assert metrics(patient)["created"] == before["created"]


def test_a_resend_is_the_probe_of_an_open_circuit(serve):
    server = serve(retrying())  # one attempt each
    receiver = Receiver().start()
    url = receiver.url()
    receiver.stop()
    ends = [settled(server, send(server, url), "exhausted") for _ in range(6)]  # the circuit has opened
    receiver.start()
    try:
        assert act(server, ends[2], "resend").status_code == 200
        assert receiver.one(timeout_s=3 * SLOW).header("webhook-id") == ends[2]["delivery_id"]
        settled(server, ends[2]["run_id"], "succeeded")
    finally:
        receiver.stop()


@pytest.mark.parametrize("verb", ["resend", "cancel", None])
def test_unknown_deliveries_are_not_found(quick, verb):
    unknown = str(uuid.uuid4())
    ask = (lambda each: quick.post(f"/webhooks/deliveries/{each}/{verb}")) if verb else (lambda each: quick.get(f"/webhooks/deliveries/{each}"))
    assert detail(ask(unknown), 404) == f"Delivery with ID {unknown} not found"
    assert detail(ask("nonsense"), 422) == "Invalid delivery ID: must be a UUID"


# ---------------------------------------------------------------------------------------------- recover

def test_recover_sends_again_what_was_exhausted(serve, receiver):
    server = serve(retrying())
    receiver.default = Reply(500)
    failed = [settled(server, send(server, receiver.url("/hook?n=1")), "exhausted") for _ in range(4)]
    receiver.default = Reply(410)
    gone = settled(server, send(server, receiver.url("/gone")), "gone")
    receiver.default = Reply(200)
    done = settled(server, send(server, receiver.url("/done")), "succeeded")
    times = [each["created_at"] for each in failed]
    window = {"since": times[1], "until": times[3]}
    assert server.post("/webhooks/deliveries/recover", window).json() == {"recovered": 2}
    for each in failed[1:3]:
        assert settled(server, each["run_id"], "succeeded")["attempt_count"] == 2
    assert [get(server, failed[n]["delivery_id"])["status"] for n in (0, 3)] == ["exhausted"] * 2
    assert server.post("/webhooks/deliveries/recover", {"since": times[0]}).json() == {"recovered": 2}
    assert server.post("/webhooks/deliveries/recover", {"since": "2999-01-01T00:00:00Z"}).json() == {"recovered": 0}
    assert get(server, gone["delivery_id"])["attempt_count"] == get(server, done["delivery_id"])["attempt_count"] == 1
    assert server.post("/webhooks/deliveries/recover", {"since": times[0], "status": "gone"}).json() == {"recovered": 1}
    assert settled(server, gone["run_id"], "succeeded")["attempt_count"] == 2
    until(lambda: metrics(server)["pending"] == 0, "everything to be sent")
    bodies = {}
    for each in receiver.received:
        bodies.setdefault(each.header("webhook-id"), set()).add(each.body)
    assert all(len(same) == 1 for same in bodies.values())


def test_what_fails_again_at_once_is_recovered_once(serve, receiver):
    server = serve(retrying())
    receiver.default = Reply(500)
    failed = [settled(server, send(server, receiver.url()), "exhausted") for _ in range(3)]
    answer = server.post("/webhooks/deliveries/recover", {"since": failed[0]["created_at"], "until": None})
    assert answer.json() == {"recovered": 3}
    for each in failed:
        settled(server, each["run_id"], "exhausted", attempts=2)


@pytest.mark.parametrize("body, name", [
    ({}, "since"), ({"since": "yesterday"}, "since"), ({"since": "2026-01-01T00:00:00"}, "since"), ({"since": 5}, "since"),
    ({"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"), ({"since": "2026-01-01T00:00:00Z", "until": "x"}, "until"),
    ({"since": "2026-01-01T00:00:00Z", "status": "pending"}, "status"), ({"since": "2026-01-01T00:00:00Z", "status": "lost"}, "status")])
def test_a_bad_recovery_is_refused_by_name(quick, body, name):
    assert name in detail(quick.post("/webhooks/deliveries/recover", body), 422)


def test_times_need_a_zone_and_the_refusal_says_so(quick):
    assert "RFC 3339" in detail(quick.post("/webhooks/deliveries/recover", {"since": "2026-01-01T00:00:00"}), 422)
    assert "time zone" in detail(quick.get("/webhooks/deliveries", params={"until": "2026-01-01"}), 422)


# ---------------------------------------------------------------------------------------------- lists

def test_lists_are_filtered(patient, receiver):
    receiver.script = [Reply(500)]
    waiting = settled(patient, send(patient, receiver.url("/a")), "pending", attempts=1)
    thread = patient.thread()
    done = []
    with Receiver("127.0.0.4") as other:
        for _ in range(2):
            run = patient.create_run("native_echo", {"text": "x"}, thread=thread, webhook=other.url())
            done.append(settled(patient, run["run_id"], "succeeded"))

    def ids(**params):
        answer = patient.get("/webhooks/deliveries", params=params)
        assert answer.status_code == 200, answer.text
        return [each["delivery_id"] for each in answer.json()["deliveries"]]

    newest_first = [done[1]["delivery_id"], done[0]["delivery_id"]]
    assert ids(thread_id=thread) == ids(host="127.0.0.4") == ids(host="127.0.0.4", status="succeeded") == newest_first
    assert ids(host="127.0.4") == newest_first  # another spelling of the address
    assert ids(thread_id=thread, until=done[1]["created_at"]) == newest_first[1:]
    assert ids(thread_id=thread, since=done[1]["created_at"]) == newest_first[:1]
    assert ids(host="127.0.0.4", status="pending") == ids(thread_id=thread, run_id=waiting["run_id"]) == []
    assert ids(run_id=waiting["run_id"], status="pending", host="127.0.0.1") == [waiting["delivery_id"]]
    assert waiting["delivery_id"] in ids(status="pending") and waiting["delivery_id"] not in ids(status="succeeded")
    assert ids(limit="1") == newest_first[:1]
    act(patient, waiting, "cancel")


def test_relative_urls_have_the_host_self(quick):
    run_id = send(quick, "/nowhere?a=b")
    found = settled(quick, run_id, "exhausted")
    assert found["url"] == "/nowhere?***" and found["attempts"][0]["status_code"] == 404
    listed = quick.get("/webhooks/deliveries", params={"host": "self"}).json()["deliveries"]
    assert found["delivery_id"] in [each["delivery_id"] for each in listed]


@pytest.mark.parametrize("name, value", [
    ("run_id", "x"), ("thread_id", "1"), ("status", "delivered"), ("status", ""), ("host", ""), ("host", "https://h.example/"),
    ("host", "h.example:443"), ("host", "h.example?token=s3cr3t"), ("host", "a@b"), ("host", "x" * 300), ("host", "::1]"),
    ("since", "now"), ("since", "2026-01-01T00:00:00"), ("until", "1700000000"), ("limit", "0"), ("limit", "1001"), ("limit", "-1"),
    ("limit", "ten"), ("limit", "1.5"), ("cursor", ""), ("cursor", "x"), ("cursor", "0" * 31), ("cursor", "f" * 32), ("cursor", "%00" * 11),
    ("cursor", "'; DROP TABLE deliveries;--"), ("cursor", "9" * 5000)])
def test_a_bad_filter_is_refused_by_name(quick, name, value):
    text = detail(quick.get("/webhooks/deliveries", params={name: value}), 422)
    assert text.startswith(name) and "s3cr3t" not in text


def test_pages_have_no_gap_and_no_duplicate_while_new_ones_arrive(serve, receiver):
    server = serve(retrying())
    receiver.default = Reply(200)
    for _ in range(5):
        server.post("/runs/batch", [{"assistant_id": "native_echo", "input": {}, "webhook": receiver.url()} for _ in range(50)])

    def listed(**params):
        return server.get("/webhooks/deliveries", params=params).json()

    until(lambda: len(listed(limit=1000, status="succeeded")["deliveries"]) == 250, "250 deliveries", 30 * SLOW)
    expected = [each["delivery_id"] for each in listed(limit=1000)["deliveries"]]
    assert len(set(expected)) == 250
    for params in ({}, {"status": "succeeded"}, {"host": "127.0.0.1"}):
        seen, cursor, pages = [], None, 0
        while True:
            page = listed(limit=40, **params, **({"cursor": cursor} if cursor else {}))
            seen += [each["delivery_id"] for each in page["deliveries"]]
            cursor, pages = page["next_cursor"], pages + 1
            settled(server, send(server, receiver.url("/later")), "succeeded")
            if cursor is None:
                break
        known = [each for each in seen if each in set(expected)]
        assert known == expected and len(seen) == len(set(seen)) and pages >= 7
        expected = [each["delivery_id"] for each in listed(limit=1000, **params)["deliveries"]]


# ---------------------------------------------------------------------------------------------- test

def test_a_url_can_be_tried(quick, receiver):
    path = hook()
    receiver.default = Reply(204)
    answer = quick.post("/webhooks/test", {"url": receiver.url(f"{path}?token=T0K3N")})
    assert answer.status_code == 200 and list(answer.json()) == ["ok", "attempt"] and answer.json()["ok"] is True
    attempt = answer.json()["attempt"]
    assert list(attempt) == [*ATTEMPT, "response_body"] and attempt["status_code"] == 204 and attempt["outcome"] == "success"
    came = receiver.one(path)
    assert came.method == "POST" and came.target == f"{path}?token=T0K3N" and came.json()["metadata"]["heddle_test"] is True
    assert came.header("webhook-id") and came.header("webhook-timestamp") and came.header("content-type") == "application/json"
    assert of_run(quick, came.json()["run_id"]) is None  # nothing is kept


def test_a_receiver_that_fails_the_test_is_an_answer(quick, receiver):
    receiver.default = Reply(500, body=b"broken")
    tried = quick.post("/webhooks/test", {"url": receiver.url("/try")}).json()
    assert tried["ok"] is False and tried["attempt"]["status_code"] == 500 and tried["attempt"]["outcome"] == "http_error"
    assert tried["attempt"]["response_body"] == "broken" and len(receiver.at("/try")) == 1  # not retried
    url = receiver.url()
    receiver.stop()
    tried = quick.post("/webhooks/test", {"url": url}).json()
    assert tried["ok"] is False and tried["attempt"]["outcome"] == "connect_refused" and tried["attempt"]["status_code"] is None


@pytest.mark.parametrize("url", ["http://169.254.169.254/?token=s3cr3t", "ftp://h/?s3cr3t", "http://u:s3cr3t@127.0.0.1/", "//h/s3cr3t", "s3cr3t"])
def test_a_refused_url_is_refused_like_at_run_creation(quick, url):
    text = detail(quick.post("/webhooks/test", {"url": url}), 422)
    run = quick.post("/runs", {"assistant_id": "native_echo", "input": {}, "webhook": url})
    assert detail(run, 422) == text and "s3cr3t" not in text


@pytest.mark.parametrize("body", [{}, {"url": 5}, {"url": ""}, {"url": None}])
def test_a_test_needs_a_url(quick, body):
    assert "url" in detail(quick.post("/webhooks/test", body), 422)


# ---------------------------------------------------------------------------------------------- what is not shown

def test_no_query_is_shown_anywhere(serve, receiver):
    server = serve(retrying(0, HOUR), args=["--log-level", "debug"])
    path, secret = hook(), "s3cr3t-t0ken"
    receiver.script = [Reply(500), Reply(302, headers=(("Location", "/elsewhere"),))]
    url = receiver.url(f"{path}?token={secret}&b=%73#frag")
    run_id = send(server, url)
    found = settled(server, run_id, "pending", attempts=2)
    answers = [server.get("/webhooks/deliveries"), server.get(f"/webhooks/deliveries/{found['delivery_id']}"),
               act(server, found, "resend"), server.post("/webhooks/test", {"url": url})]
    settled(server, run_id, "succeeded")
    answers += [act(server, found, "cancel"), act(server, found, "resend")]
    answers += [server.post("/webhooks/deliveries/recover", {"since": "2000-01-01T00:00:00Z", "status": "succeeded"}), server.get("/metrics"),
                server.get("/metrics?format=json"), server.get(f"/webhooks/deliveries?host=h?{secret}"),
                server.get("/webhooks/deliveries", params={"cursor": secret}), server.get("/webhooks/deliveries", params={"host": url})]
    assert found["url"] == receiver.url(f"{path}?***")
    for answer in answers:
        assert secret not in answer.text and "frag" not in answer.text, answer.request.url
    server.stop()
    assert secret not in server.log() and f"{path}?" not in server.log() and "webhook.resend" in server.log()


def test_responses_are_shown_on_loopback_only(serve, receiver):
    receiver.default = Reply(200, body=b"internal page")
    config = native_config(webhooks={"url": {"allowed_networks": ["127.0.0.0/8"]}})
    server = serve(config, args=["--host", "0.0.0.0"])
    found = settled(server, send(server, receiver.url()), "succeeded")
    tried = server.post("/webhooks/test", {"url": receiver.url()})
    assert list(found["attempts"][0]) == ATTEMPT and list(tried.json()["attempt"]) == ATTEMPT
    assert tried.json()["ok"] is True and "internal page" not in tried.text


def test_a_large_response_is_cut_and_made_valid(quick, receiver):
    receiver.default = Reply(200, body=b"\xff\x00" + b"x" * 40_000)
    (attempt,) = settled(quick, send(quick, receiver.url(hook())), "succeeded")["attempts"]
    assert attempt["response_body"].startswith("\ufffd\ufffdxxx") and len(attempt["response_body"].encode()) <= 16 * 1024


# ---------------------------------------------------------------------------------------------- restart, switched off

def test_a_restart_forgets_nothing(serve, receiver):
    server = serve(retrying(HOUR))
    receiver.script = [Reply(500), Reply(200), Reply(410)]
    waiting = settled(server, send(server, receiver.url()), "pending", attempts=1)
    done = settled(server, send(server, receiver.url()), "succeeded")
    gone = settled(server, send(server, receiver.url()), "gone")
    server.kill()
    server.start()
    assert [get(server, each["delivery_id"]) for each in (waiting, done, gone)] == [waiting, done, gone]
    counted = until(lambda: now if (now := metrics(server))["created"] else None, "the pending one to be counted")
    assert counted["created"] == counted["pending"] == 1
    assert act(server, waiting, "resend").status_code == 200
    assert settled(server, waiting["run_id"], "succeeded")["attempt_count"] == 2
    assert len({each.body for each in receiver.at("/hook") if each.header("webhook-id") == waiting["delivery_id"]}) == 1
    assert metrics(server)["pending"] == 0


def test_switched_off_they_can_be_read_and_cancelled_but_not_sent(tmp_path, receiver):
    receiver.script = [Reply(500), Reply(410)]
    with Server(tmp_path, retrying(HOUR)) as server:
        waiting = settled(server, send(server, receiver.url()), "pending", attempts=1)
        gone = settled(server, send(server, receiver.url()), "gone")
    with Server(tmp_path, retrying(HOUR, http={"disable_webhooks": True})) as server:
        assert get(server, waiting["delivery_id"])["status"] == "pending"
        assert len(server.get("/webhooks/deliveries").json()["deliveries"]) == 2
        refusals = [act(server, gone, "resend"), act(server, waiting, "resend"), server.post("/webhooks/test", {"url": receiver.url()}),
                    server.post("/webhooks/deliveries/recover", {"since": "2000-01-01T00:00:00Z", "status": "gone"})]
        for refusal in refusals:
            assert "http.disable_webhooks" in detail(refusal, 409)
        assert act(server, waiting, "cancel").json()["status"] == "cancelled"
        assert len(receiver.received) == 2


# ---------------------------------------------------------------------------------------------- metrics

def test_the_counters_add_up_at_every_scrape(serve, receiver):
    server = serve(retrying(0))
    scrapes, stop = [], threading.Event()

    def scrape():
        while not stop.is_set():
            scrapes.append(metrics(server))

    scraping = threading.Thread(target=scrape)
    scraping.start()
    try:
        receiver.script = [Reply(500), Reply(410)] * 20
        for _ in range(4):
            server.post("/runs/batch", [{"assistant_id": "native_echo", "input": {}, "webhook": receiver.url()} for _ in range(50)])
            some = server.get("/webhooks/deliveries", params={"limit": 20}).json()["deliveries"]
            for each in some[:10]:
                act(server, each, "cancel")
            for each in some[5:]:
                act(server, each, "resend")
            server.post("/webhooks/deliveries/recover", {"since": "2000-01-01T00:00:00Z", "status": "gone"})
        until(lambda: metrics(server)["pending"] == 0 and metrics(server)["created"] >= 200, "everything to end", 30 * SLOW)
    finally:
        stop.set()
        scraping.join()
    assert len(scrapes) > 5 and any(each["pending"] > 0 for each in scrapes)
    for each in scrapes:
        assert each["created"] == each["pending"] + sum(each["outcomes"].values()) and each["pending"] >= 0
    last = metrics(server)
    assert last["oldest"] == 0 and last["outcomes"]["succeeded"] > 0
    listed = server.get("/webhooks/deliveries", params={"limit": 1000}).json()["deliveries"]
    assert len(listed) == 200 and not [each for each in listed if each["status"] == "pending"]


def test_an_attempt_that_was_refused_before_its_name_was_looked_up_has_no_dns_time(serve):
    server = serve(native_config(webhooks={"retry": {"schedule": [1, 1, 1]}}))
    run = server.create_run("native_echo", {"text": "x"}, webhook="http://127.0.0.1:1/hook")
    server.until_status(run, "success")
    server.stop()
    project(server.folder, native_config(webhooks={"retry": {"schedule": [1, 1, 1]}, "url": {"allowed_domains": ["example.com"]}}))
    server.start()

    def blocked():
        (delivery,) = server.get(f"/webhooks/deliveries?thread_id={run['thread_id']}").json()["deliveries"]
        attempts = server.get(f"/webhooks/deliveries/{delivery['delivery_id']}").json()["attempts"]
        return [each for each in attempts if each["outcome"] == "blocked"]

    refused = until(blocked, "an attempt to be refused")
    assert refused[0]["dns_ms"] is None and "allowed_domains" in refused[0]["error"]
