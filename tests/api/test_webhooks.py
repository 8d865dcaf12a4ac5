# SPDX-License-Identifier: Apache-2.0
"""What receivers get, when, how often; what failing ones may and may not delay."""
import time
import uuid

import pytest

from receiver import Receiver, Reply
from server import SLOW, native_config, wire_config
from shapes import is_time
from sse import Exchange, stream
from waiting import until

FIELDS = ["run_id", "thread_id", "assistant_id", "metadata", "status", "kwargs", "multitask_strategy", "created_at",
          "updated_at", "run_started_at", "run_ended_at", "webhook_sent_at", "values", "error"]
SOON = {"retry": {"schedule": [1, 1, 1]}}


def hook():
    """A path of this test alone."""
    return f"/{uuid.uuid4().hex}"


def test_the_payload_of_a_success(both, receiver):
    server, echo, *_ = both
    path = hook()
    run = server.create_run(echo, {"text": "hi"}, webhook=receiver.url(f"{path}?token=S%20e+c/ret&x=1"), metadata={"my": "meta"})
    came = receiver.one(path)
    assert came.method == "POST" and came.target == f"{path}?token=S%20e+c/ret&x=1"  # unchanged
    assert came.header("content-type") == "application/json" and came.header("host") == f"127.0.0.1:{receiver.port}"
    assert came.header("user-agent").startswith("heddle/") and int(came.header("content-length")) == len(came.body)
    body = came.json()
    assert list(body) == FIELDS
    done = server.until_status(run, "success")
    same = [name for name in FIELDS[:9] if name != "kwargs"]
    assert {name: body[name] for name in same} == {name: done[name] for name in same}
    assert body["status"] == "success" and body["error"] is None and body["values"] == {"text": "hi", "out": "hi"}
    assert body["kwargs"]["input"] == {"text": "hi"} and body["metadata"]["my"] == "meta"
    times = [body[name] for name in ("created_at", "run_started_at", "run_ended_at", "webhook_sent_at")]
    assert all(map(is_time, times)) and times == sorted(times)
    assert b": " not in came.body[:200] and came.body.startswith(b'{"run_id":"')  # compact


def test_the_payload_of_a_failure(both, receiver):
    server, _, _, failing = both
    path = hook()
    server.create_run(failing, {"msg": "kaput"}, webhook=receiver.url(path))
    body = receiver.one(path).json()
    assert list(body) == FIELDS and body["status"] == "error"
    assert body["error"] == {"error": "ValueError", "message": "kaput"}
    assert body["values"]["msg"] == "kaput"


def test_the_payload_tells_that_input_is_awaited(wire, receiver):
    path = hook()
    wire.create_run("human", {"text": "t"}, webhook=receiver.url(path))
    body = receiver.one(path).json()
    assert body["status"] == "success" and body["error"] is None
    assert body["values"]["steps"] == ["before"] and body["values"]["__interrupt__"][0]["value"]["question"] == "approve?"


def test_the_payload_keeps_secrets_and_internals_back(wire, receiver):
    path = hook()
    wire.create_run("echo", {"text": "x"}, webhook=receiver.url(path), config={"configurable": {"mine": 1}})
    kwargs = receiver.one(path).json()["kwargs"]
    assert kwargs["config"]["configurable"]["mine"] == 1

    def keys(value):
        if isinstance(value, dict):
            for key, each in value.items():
                yield key
                yield from keys(each)

    assert not [key for key in keys(kwargs["config"]) if key.startswith(("langgraph_auth_", "__"))]


@pytest.mark.parametrize("kind", ["background", "wait", "stream", "alias", "alias wait", "alias stream"])
def test_every_way_to_start_a_run_on_a_thread_takes_a_webhook(native, receiver, kind):
    path, thread = hook(), native.thread()
    body = {"assistant_id": "native_echo", "input": {"text": "x"}, "webhook": receiver.url(path)}
    prefix = "/thread" if kind.startswith("alias") else "/threads"
    rest = {"background": "", "alias": ""}.get(kind, "/" + kind.split()[-1])
    assert native.post(f"{prefix}/{thread}/runs{rest}", body).status_code == 200
    assert receiver.one(path).json()["values"] == {"text": "x", "out": "x"}


@pytest.mark.parametrize("kind", ["", "/wait", "/stream"])
def test_stateless_runs_send_no_values_unless_kept(both, receiver, kind):
    server, echo, *_ = both
    gone, kept = hook(), hook()
    body = {"assistant_id": echo, "input": {"text": "x"}}
    assert server.post(f"/runs{kind}", {**body, "webhook": receiver.url(gone)}).status_code == 200
    assert server.post(f"/runs{kind}", {**body, "webhook": receiver.url(kept), "on_completion": "keep"}).status_code == 200
    assert list(receiver.one(gone).json()) == [name for name in FIELDS if name != "values"]
    assert receiver.one(kept).json()["values"] == {"text": "x", "out": "x"}


def test_stateless_values_can_be_switched_on(serve, receiver):
    server = serve(native_config(webhooks={"stateless_values": True}))
    server.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"}, "webhook": receiver.url()})
    assert receiver.one().json()["values"] == {"text": "x", "out": "x"}


def test_a_batch_sends_one_webhook_a_run(native, receiver):
    paths = [hook() for _ in range(3)]
    native.post("/runs/batch", [{"assistant_id": "native_echo", "input": {"text": path}, "webhook": receiver.url(path)} for path in paths])
    for path in paths:
        assert receiver.one(path).json()["kwargs"]["input"]["text"] == path


@pytest.mark.parametrize("how, status, error", [
    ("cancel", "interrupted", "UserInterrupt"), ("delete run", "interrupted", "RunDeleted"),
    ("delete thread", "interrupted", "ThreadDeleted")])
def test_a_run_that_is_stopped_sends_one_too(both, receiver, how, status, error):
    server, _, sleepy, _ = both
    path = hook()
    run = server.create_run(sleepy, {"seconds": 60}, webhook=receiver.url(path))
    server.until_status(run, "running")
    thread = f"/threads/{run['thread_id']}"
    if how == "cancel":
        server.post(f"{thread}/runs/{run['run_id']}/cancel")
    else:
        server.http.delete(thread if how == "delete thread" else f"{thread}/runs/{run['run_id']}")
    body = receiver.one(path).json()
    assert body["run_id"] == run["run_id"] and body["status"] == status and body["error"]["error"] == error
    assert body["error"]["message"]


@pytest.mark.parametrize("how, error", [("cancel", "UserInterrupt"), ("delete run", "RunDeleted"), ("delete thread", "ThreadDeleted")])
def test_a_run_that_never_started_sends_one_too(native, receiver, how, error):
    path = hook()
    run = native.create_run("native_echo", {"text": "x"}, webhook=receiver.url(path), after_seconds=600)
    thread = f"/threads/{run['thread_id']}"
    if how == "cancel":
        native.post(f"{thread}/runs/{run['run_id']}/cancel")
    else:
        native.http.delete(thread if how == "delete thread" else f"{thread}/runs/{run['run_id']}")
    body = receiver.one(path).json()
    assert body["status"] == "interrupted" and body["error"]["error"] == error


def test_a_client_that_leaves_is_named_as_the_reason(native, receiver):
    path = hook()
    with stream(native, "/runs/stream", {"assistant_id": "native_sleep", "input": {"seconds": 60}, "on_disconnect": "cancel",
                                         "webhook": receiver.url(path)}) as opened:
        opened.next()
    body = receiver.one(path).json()
    assert body["status"] == "interrupted" and "client disconnected" in body["error"]["message"]


def test_failed_attempts_are_repeated_with_the_same_bytes(native, receiver):
    receiver.script = [Reply(500), Reply(503), Reply(404)]
    native.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    came = receiver.wait(count=4, timeout_s=20 * SLOW)
    assert len({each.body for each in came}) == 1
    gaps = [after.at - before.at for before, after in zip(came, came[1:])]
    assert all(0.5 < gap < 3 * SLOW for gap in gaps), gaps
    assert len(receiver.at("/hook")) == 4


def test_a_receiver_that_closes_is_tried_again(native, receiver):
    receiver.script = [Reply(close=True), Reply(close=True)]
    native.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    assert len({each.body for each in receiver.wait(count=3, timeout_s=20 * SLOW)}) == 1


def test_a_redirect_is_a_failed_attempt_and_not_followed(native, receiver):
    receiver.script = [Reply(302, headers=(("Location", receiver.url("/elsewhere")),)),
                       Reply(307, headers=(("Location", "/elsewhere"),))]
    native.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    assert [each.method for each in receiver.wait(count=3, timeout_s=20 * SLOW)] == ["POST"] * 3
    assert receiver.at("/elsewhere") == []


def test_a_receiver_that_comes_up_later_gets_it(native):
    receiver = Receiver().start()
    url = receiver.url()
    receiver.stop()
    run = native.create_run("native_echo", {"text": "x"}, webhook=url)
    native.until_status(run, "success")
    receiver.start()
    try:
        assert receiver.one(timeout_s=15 * SLOW).json()["run_id"] == run["run_id"]
    finally:
        receiver.stop()


def test_a_hanging_receiver_delays_neither_runs_nor_other_receivers(native, receiver):
    with Receiver("127.0.0.2", default=Reply(hang=True)) as hanging:
        for _ in range(30):
            native.create_run("native_echo", {"text": "x"}, webhook=hanging.url())
        hanging.wait(count=1)
        started = time.monotonic()
        assert native.wait_run("native_echo", {"text": "y"}, webhook=receiver.url("/quick")) == {"text": "y", "out": "y"}
        receiver.one("/quick")
        assert time.monotonic() - started < 1.0 * SLOW
        # The wait does not wait for its own webhook either.
        started = time.monotonic()
        native.wait_run("native_echo", {"text": "z"}, webhook=hanging.url())
        assert time.monotonic() - started < 1.0 * SLOW


def test_many_webhooks_arrive_once_each(native, receiver):
    runs = [native.post("/runs", {"assistant_id": "native_echo", "input": {"text": str(n)}, "webhook": receiver.url("/many")}).json()
            for n in range(60)]
    until(lambda: len(receiver.at("/many")) >= 60, "60 webhooks", 30 * SLOW)
    assert sorted(each.json()["run_id"] for each in receiver.at("/many")) == sorted(run["run_id"] for run in runs)
    assert max(each.connection for each in receiver.at("/many")) < 59  # connections are used again


def test_headers_come_from_the_configuration(serve, receiver):
    server = serve(native_config(webhooks={"headers": {
        "X-Custom-Header": "my-value", "Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}",
        "X-Two": "${{ env.LG_WEBHOOK_TOKEN }}/${{env.LG_WEBHOOK_OTHER}}!", "User-Agent": "mine/1"}}),
        env={"LG_WEBHOOK_TOKEN": "t0ken", "LG_WEBHOOK_OTHER": "other"})
    server.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    came = receiver.one()
    assert came.header("x-custom-header") == "my-value" and came.header("authorization") == "Bearer t0ken"
    assert came.header("x-two") == "t0ken/other!" and came.all("user-agent") == ["mine/1"]
    assert came.all("content-type") == ["application/json"]
    assert "t0ken" not in server.log() and b"t0ken" not in came.body


def test_another_prefix_can_be_set(serve, receiver):
    server = serve(native_config(webhooks={"env_prefix": "MY_APP_", "headers": {"X-K": "${{ env.MY_APP_KEY }}"}}), env={"MY_APP_KEY": "k1"})
    server.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    assert receiver.one().header("x-k") == "k1"


def test_user_information_is_refused(native, receiver):
    """It would be read differently by others; webhooks.headers is the place for it."""
    answer = native.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"},
                                   "webhook": f"http://user:s3cret@127.0.0.1:{receiver.port}/x"})
    assert answer.status_code == 422 and "webhooks.headers" in answer.json()["detail"] and "s3cret" not in answer.text
    assert receiver.received == []


def test_our_own_address_is_refused_where_a_relative_url_is_meant(native):
    for host in ("127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"):
        answer = native.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"},
                                       "webhook": f"http://{host}:{native.port}/threads"})
        assert answer.status_code == 422 and "relative URL" in answer.json()["detail"], (host, answer.text)


def test_an_upper_case_scheme_is_delivered(native, receiver):
    path = hook()
    native.create_run("native_echo", {"text": "x"}, webhook=f"HTTP://LOCALHOST:{receiver.port}{path}")
    assert receiver.one(path)


def test_a_fragment_is_not_sent(native, receiver):
    path = hook()
    native.create_run("native_echo", {"text": "x"}, webhook=receiver.url(f"{path}?a=1#part"))
    assert receiver.one(path).target == f"{path}?a=1"


def test_disabled_webhooks_are_validated_and_not_sent(serve, receiver):
    server = serve(native_config(http={"disable_webhooks": True}))
    assert server.wait_run("native_echo", {"text": "x"}, webhook=receiver.url())["out"] == "x"
    assert server.post("/runs", {"assistant_id": "native_echo", "input": {}, "webhook": "ftp://x/y"}).status_code == 422
    server.stop()
    assert receiver.received == []


def test_a_relative_url_reaches_our_own_server(native):
    """The payload names an assistant, so that POST …/runs of another thread takes it."""
    other = native.thread()
    run = native.create_run("native_echo", {"text": "x"}, webhook=f"/threads/{other}/runs", metadata={"via": "hook"})
    started = until(lambda: native.get(f"/threads/{other}/runs").json(), "the webhook to start a run", 15 * SLOW)
    assert started[0]["metadata"]["via"] == "hook" and started[0]["run_id"] != run["run_id"]
    native.until_status(started[0], "success", "error")
    assert len(native.get(f"/threads/{other}/runs").json()) == 1


def test_what_waits_survives_a_restart(serve):
    server = serve(native_config(webhooks=SOON))
    receiver = Receiver().start()
    url = receiver.url()
    receiver.stop()
    run = server.create_run("native_echo", {"text": "x"}, webhook=url)
    server.until_status(run, "success")
    assert server.stop() == 0
    receiver.start()
    try:
        server.start()
        assert receiver.one(timeout_s=20 * SLOW).json()["run_id"] == run["run_id"]
    finally:
        receiver.stop()


def test_webhooks_of_a_python_graph_wait_for_nothing_else(wire, receiver):
    path = hook()
    with Exchange(wire.url, "POST", "/runs/wait", {"assistant_id": "echo", "input": {"text": "x"}, "webhook": receiver.url(path)}) as opened:
        opened.body()
        ended = time.monotonic()
    assert receiver.one(path).at - ended < 0.5 * SLOW


def test_the_environment_overrides_the_file(serve, receiver):
    server = serve(wire_config(graphs={"native_echo": "heddle:echo"}, webhooks={"headers": {"X-From": "file"}}),
                   env={"LANGGRAPH_WEBHOOKS": '{"headers": {"X-From": "environment"}}'})
    server.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    assert receiver.one().header("x-from") == "environment"
