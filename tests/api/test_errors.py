# SPDX-License-Identifier: Apache-2.0
"""Every refusal is JSON {"detail"}, has the reference's status and names the field that is wrong."""
import json
import uuid

import pytest

UNKNOWN = "fe39ef81-39fb-4564-b43f-47d843f0b413"


def refused(answer, status, *names):
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert list(body) == ["detail"] and isinstance(body["detail"], str) and body["detail"]
    for name in names:
        assert name in body["detail"], body["detail"]
    return body["detail"]


# Bodies of POST /threads/{id}/runs that are refused: field, body.
BAD_RUNS = [
    ("assistant_id", {}),
    ("assistant_id", {"assistant_id": 5}),
    ("assistant_id", {"assistant_id": None}),
    ("multitask_strategy", {"assistant_id": "native_echo", "multitask_strategy": "xx"}),
    ("stream_mode", {"assistant_id": "native_echo", "stream_mode": "xx"}),
    ("stream_mode", {"assistant_id": "native_echo", "stream_mode": ["values", "xx"]}),
    ("if_not_exists", {"assistant_id": "native_echo", "if_not_exists": "xx"}),
    ("durability", {"assistant_id": "native_echo", "durability": "xx"}),
    ("metadata", {"assistant_id": "native_echo", "metadata": "str"}),
    ("metadata", {"assistant_id": "native_echo", "metadata": None}),
    ("config", {"assistant_id": "native_echo", "config": None}),
    ("config", {"assistant_id": "native_echo", "config": []}),
    ("recursion_limit", {"assistant_id": "native_echo", "config": {"recursion_limit": "x"}}),
    ("tags", {"assistant_id": "native_echo", "config": {"tags": "x"}}),
    ("context", {"assistant_id": "native_echo", "context": None}),
    ("webhook", {"assistant_id": "native_echo", "webhook": None}),
    ("webhook", {"assistant_id": "native_echo", "webhook": ""}),
    ("webhook", {"assistant_id": "native_echo", "webhook": 5}),
    ("interrupt_before", {"assistant_id": "native_echo", "interrupt_before": "nodeX"}),
    ("interrupt_after", {"assistant_id": "native_echo", "interrupt_after": [1]}),
    ("after_seconds", {"assistant_id": "native_echo", "after_seconds": "soon"}),
    ("stream_subgraphs", {"assistant_id": "native_echo", "stream_subgraphs": "yes"}),
    ("feedback_keys", {"assistant_id": "native_echo", "feedback_keys": "k"}),
    ("command", {"assistant_id": "native_echo", "command": {"bad": 1}}),
    ("command", {"assistant_id": "native_echo", "command": "resume"}),
    ("goto", {"assistant_id": "native_echo", "command": {"goto": 5}}),
]


@pytest.mark.parametrize("field, body", BAD_RUNS, ids=lambda value: json.dumps(value))
def test_a_malformed_run_names_the_field(native, field, body):
    thread = native.thread()
    for path in ("runs", "runs/wait", "runs/stream"):
        detail = refused(native.post(f"/threads/{thread}/{path}", body), 422, field)
        assert "Failed validating" not in detail  # the reference's wording is not ours
    assert native.get(f"/threads/{thread}/runs").json() == []


def test_a_malformed_stateless_run_names_the_field(native):
    for path in ("/runs", "/runs/wait", "/runs/stream"):
        refused(native.post(path, {"assistant_id": "native_echo", "on_completion": "complete"}), 422, "on_completion")
        refused(native.post(path, {}), 422, "assistant_id")
        refused(native.post(path, {"assistant_id": "native_echo", "stream_mode": "xx"}), 422, "stream_mode")


def test_on_disconnect_counts_only_where_a_client_stays(native):
    thread = native.thread()
    body = {"assistant_id": "native_echo", "input": {"text": "x"}, "on_disconnect": "xx"}
    refused(native.post(f"/threads/{thread}/runs/stream", body), 422, "on_disconnect")
    refused(native.post(f"/threads/{thread}/runs/wait", body), 422, "on_disconnect")
    assert native.post(f"/threads/{thread}/runs", body).status_code == 200


BODIES = {"not JSON": b"{bad", "empty": b"", "not UTF-8": b'{"assistant_id":"native_echo","input":{"t":"\xff"}}',
          "1e400": b'{"assistant_id":"native_echo","input":{"t":1e400}}', "NaN": b'{"assistant_id":"native_echo","input":NaN}',
          "lone surrogate": b'{"assistant_id":"native_echo","input":{"t":"\\ud800"}}', "two values": b"{} {}",
          "trailing comma": b'{"assistant_id":"native_echo",}', "deep": b"[" * 5000}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_json(native, name):
    for path in ("/runs/wait", "/runs", "/threads", *(("/threads/search",) if BODIES[name] else ())):
        refused(native.http.post(path, content=BODIES[name]), 422, "JSON")


@pytest.mark.parametrize("body", [[], "x", 5, None, True])
def test_a_body_that_is_no_object(native, body):
    for path in ("/runs/wait", "/threads", "/threads/search", "/assistants/search"):
        refused(native.http.post(path, content=json.dumps(body)), 422, "object")


def test_the_content_type_does_not_matter_and_unknown_fields_neither(native):
    answer = native.http.post("/threads", content=b'{"unknown": 1}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200


def test_duplicate_keys_last_wins(native):
    answer = native.http.post("/runs/wait", content=b'{"assistant_id":"nope","assistant_id":"native_echo","input":{"text":"x"}}')
    assert answer.status_code == 200 and answer.json() == {"text": "x", "out": "x"}


@pytest.mark.parametrize("name", ["config and context", "unknown graph", "unknown assistant", "unknown thread"])
def test_a_run_that_contradicts_what_exists(native, name):
    thread, text = native.thread(), {"input": {"text": "x"}}
    cases = {
        "config and context": (thread, {"assistant_id": "native_echo", "context": {"a": 1}, "config": {"configurable": {"b": 2}}},
                               400, ["context", "configurable"]),
        "unknown graph": (thread, {"assistant_id": "nope", **text}, 422, ["nope", "native_echo"]),
        "unknown assistant": (thread, {"assistant_id": UNKNOWN, **text}, 404, []),
        "unknown thread": (UNKNOWN, {"assistant_id": "native_echo", **text}, 404, []),
    }
    where, body, status, names = cases[name]
    for path in ("runs", "runs/wait", "runs/stream"):
        refused(native.post(f"/threads/{where}/{path}", body), status, *names)


UNKNOWN_THREAD = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/state"), ("GET", "/runs"),
                  ("GET", f"/runs/{UNKNOWN}"), ("DELETE", f"/runs/{UNKNOWN}"), ("GET", f"/runs/{UNKNOWN}/join"),
                  ("GET", f"/runs/{UNKNOWN}/stream"), ("POST", f"/runs/{UNKNOWN}/cancel")]


@pytest.mark.parametrize("method, rest", UNKNOWN_THREAD)
def test_an_unknown_thread_is_404(native, method, rest):
    refused(native.http.request(method, f"/threads/{UNKNOWN}{rest}", json={"metadata": {}} if method == "PATCH" else None), 404)


@pytest.mark.parametrize("method, rest", [each for each in UNKNOWN_THREAD if UNKNOWN in each[1]])
def test_an_unknown_run_is_404(native, method, rest):
    refused(native.http.request(method, f"/threads/{native.thread()}{rest}"), 404)
    refused(native.http.request(method, rest) if method != "DELETE" else native.get(f"/runs/{UNKNOWN}"), 404)


def test_a_run_is_not_found_on_another_thread(native):
    run = native.create_run("native_echo", {"text": "x"})
    refused(native.get(f"/threads/{native.thread()}/runs/{run['run_id']}"), 404)


@pytest.mark.parametrize("method, path, name", [
    ("GET", "/threads/bad", "thread"), ("DELETE", "/threads/bad", "thread"), ("PATCH", "/threads/bad", "thread"),
    ("GET", "/threads/bad/state", "thread"), ("GET", "/threads/bad/runs", "thread"), ("POST", "/threads/bad/runs", "thread"),
    ("POST", "/threads/bad/runs/wait", "thread"), ("GET", "/threads/{}/runs/bad", "run"), ("DELETE", "/threads/{}/runs/bad", "run"),
    ("GET", "/threads/{}/runs/bad/join", "run"), ("GET", "/threads/{}/runs/bad/stream", "run"),
    ("POST", "/threads/{}/runs/bad/cancel", "run"), ("GET", "/assistants/bad", "assistant"), ("GET", "/runs/bad", "run"),
])
def test_an_id_that_is_no_uuid_is_422(native, method, path, name):
    body = {"metadata": {}} if method == "PATCH" else {"assistant_id": "native_echo"} if method == "POST" else None
    refused(native.http.request(method, path.format(UNKNOWN), json=body), 422, name, "UUID")


def test_assistants_are_404_when_unknown(native):
    refused(native.get(f"/assistants/{UNKNOWN}"), 404)


def test_a_thread_id_that_is_taken_is_409(native):
    thread = native.thread()
    refused(native.post("/threads", {"thread_id": thread}), 409, thread)
    refused(native.post("/threads", {"thread_id": thread, "if_exists": "raise"}), 409)


@pytest.mark.parametrize("field, body", [
    ("thread_id", {"thread_id": "bad"}), ("metadata", {"metadata": []}), ("if_exists", {"if_exists": "xx"}),
    ("ttl", {"ttl": "x"}), ("ttl", {"ttl": {"ttl": -1}}), ("ttl", {"ttl": 0}), ("strategy", {"ttl": {"ttl": 1, "strategy": "xx"}}),
])
def test_a_malformed_thread_names_the_field(native, field, body):
    refused(native.post("/threads", body), 422, "ttl" if "ttl" in body else field)


@pytest.mark.parametrize("path", ["/threads/search", "/assistants/search"])
@pytest.mark.parametrize("field, value", [("limit", 0), ("limit", 1001), ("limit", "a"), ("limit", 1.5), ("offset", -1),
                                          ("sort_by", "xx"), ("sort_order", "up"), ("select", ["xx"]), ("metadata", [])])
def test_a_malformed_search_names_the_field(native, path, field, value):
    refused(native.post(path, {field: value}), 422, field)


def test_a_search_refuses_an_unknown_status_and_bad_ids(native):
    refused(native.post("/threads/search", {"status": "xx"}), 422, "status")
    refused(native.post("/threads/search", {"ids": ["bad"]}), 422, "ids")
    refused(native.post("/threads/count", {"status": "xx"}), 422, "status")


def test_query_parameters_are_checked(native):
    thread = native.thread()
    run = native.create_run("native_echo", {"text": "x"}, thread)
    native.until_status(run, "success")
    answer = native.get(f"/threads/{thread}/runs?limit=abc")
    assert answer.status_code in (400, 422) and "limit" in answer.json()["detail"]
    refused(native.get(f"/threads/{thread}/runs?status=xx"), 422, "status")
    refused(native.post(f"/threads/{thread}/runs/{run['run_id']}/cancel?action=bad"), 422, "action")
    assert native.get(f"/threads/{thread}/runs?limit=0").json() == []


def test_a_batch_is_all_or_nothing(native):
    good = {"assistant_id": "native_echo", "input": {"text": "1"}}
    refused(native.post("/runs/batch", [good, {"assistant_id": "nope"}]), 422, "nope")
    refused(native.post("/runs/batch", [good, {"assistant_id": "native_echo", "metadata": 5}]), 422, "metadata")
    refused(native.http.post("/runs/batch", content=b"[]"), 422)
    refused(native.http.post("/runs/batch", content=b"{}"), 422, "array")
    runs = native.post("/runs/batch", [good, {**good, "input": {"text": "2"}}])
    assert runs.status_code == 200 and [each["kwargs"]["input"]["text"] for each in runs.json()] == ["1", "2"]


def test_cancelling_what_has_ended_is_404(native):
    run = native.create_run("native_echo", {"text": "x"})
    native.until_status(run, "success")
    refused(native.post(f"/threads/{run['thread_id']}/runs/{run['run_id']}/cancel"), 404)


@pytest.mark.parametrize("path", ["/nope", "/threads/x/y/z", "/thread", f"/threads/{uuid.uuid4()}/nope", "/runs/a/b/c"])
def test_an_unknown_path_is_404(native, path):
    refused(native.get(path), 404)


@pytest.mark.parametrize("method, path", [("PUT", "/threads"), ("GET", "/threads"), ("GET", "/runs"), ("DELETE", "/runs"),
                                          ("PUT", f"/threads/{UNKNOWN}"), ("POST", "/ok"), ("DELETE", "/assistants")])
def test_a_wrong_method_is_405_and_says_what_is_allowed(native, method, path):
    answer = native.http.request(method, path)
    refused(answer, 405)
    assert answer.headers["allow"]


def test_a_body_that_is_too_large_is_413(native):
    answer = native.http.post("/threads", content=b'{"metadata":{"x":"' + b"x" * (17 << 20) + b'"}}')
    refused(answer, 413)


def test_five_mebibytes_of_input_come_back(native):
    text = "x" * (5 << 20)
    assert native.post("/runs/wait", {"assistant_id": "native_echo", "input": {"text": text}}).json()["out"] == text


def test_a_count_does_not_care_how_it_would_be_sorted(native):
    for path in ("/assistants/count", "/threads/count"):
        answer = native.post(path, {"sort_by": "nonsense"})
        assert answer.status_code in (200, 422), (path, answer.text)
