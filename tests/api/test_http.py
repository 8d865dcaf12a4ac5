# SPDX-License-Identifier: Apache-2.0
"""HTTP itself: system routes, the API document, aliases, cross-origin rules, Host, connections."""
import importlib
import json
import re

import pytest

from server import native_config
from shapes import is_uuid
from sse import connect, head, stream

LOCAL = ["http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:5173", "https://localhost"]


def test_health(native):
    for path in ("/ok", "/", "/ok?check_db=1"):
        answer = native.get(path)
        assert answer.status_code == 200 and answer.json() == {"ok": True, "services": {}}
    answer = native.http.head("/ok")
    assert answer.status_code == 200 and answer.content == b""


def test_info(wire):
    info = wire.get("/info").json()
    assert info["version"] and info["flags"]["assistants"] is True and info["host"]["kind"] == "self-hosted"


def test_metrics(native):
    native.wait_run("native_echo", {"text": "x"})
    text = native.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert re.search(r'^heddle_runs_ended_total\{status="success"\} [1-9]', text.text, re.M)
    assert re.search(r'^heddle_http_requests_total\{.*route="/threads/\{thread_id\}/runs/wait".*\} [1-9]', text.text, re.M)
    assert re.search(r"^heddle_sql_commits_total [1-9]", text.text, re.M) and "process_resident_memory_bytes" in text.text
    as_json = native.get("/metrics?format=json").json()
    assert {"n_pending", "n_running"} <= set(as_json["queue"])
    assert any(each["path"] == "/threads" and each["count"] for each in as_json["api"]["http_requests_total"])
    assert native.thread() not in text.text


def test_metrics_never_name_a_clients_path(native):
    native.get("/some-strange-path-8731")
    assert "some-strange-path" not in native.get("/metrics").text


def test_docs(native):
    page = native.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    outside = re.findall(r'(?:src|href)="(?!data:|#|\./)[^"]*"', page.text)
    assert not outside and "openapi.json" in page.text


def test_every_answer_has_a_request_id(native):
    made = native.get("/ok").headers["x-request-id"]
    assert made and native.get("/ok").headers["x-request-id"] != made
    assert native.get("/ok", headers={"X-Request-Id": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert native.get("/nope").headers["x-request-id"]


# ---------------------------------------------------------------------------------------------- the API document

@pytest.fixture(scope="module")
def document(native):
    answer = native.get("/openapi.json")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    return answer.json()


def operations(document):
    return [(verb.upper(), path) for path, item in document["paths"].items() for verb in item if verb != "parameters"]


def test_the_document_is_valid_openapi(document):
    validator = importlib.import_module("openapi_spec_validator")
    validator.validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_documented_route_is_served(native, document, receiver):
    thread = native.thread()
    run = native.create_run("native_echo", {"text": "x"}, thread, webhook=receiver.url())
    native.until_status(run, "success")
    receiver.one()
    delivery = native.get("/webhooks/deliveries", params={"run_id": run["run_id"]}).json()["deliveries"][0]["delivery_id"]
    assistant = native.post("/assistants/search", {"limit": 1}).json()[0]["assistant_id"]
    checkpoint = native.get(f"/threads/{thread}/state").json()["checkpoint_id"]
    cron = native.post("/runs/crons", {"assistant_id": "native_echo", "schedule": "@yearly"}).json()["cron_id"]
    for verb, path in sorted(operations(document), key=lambda each: (each[0] == "DELETE", -len(each[1]))):
        url = path.format(thread_id=thread, run_id=run["run_id"], assistant_id=assistant, delivery_id=delivery, checkpoint_id=checkpoint, cron_id=cron,
                          namespace="child")
        body = document["paths"][path][verb.lower()].get("requestBody")
        with native.http.stream(verb, url, json={} if body else None) as answer:
            if "event-stream" not in answer.headers.get("content-type", ""):  # a thread's stream stays open
                answer.read()
        if url.endswith("/cancel") and "runs/" in url and url != "/runs/cancel":  # of a run that has ended
            assert answer.status_code == 404 and answer.json()["detail"] != native.get("/nope").json()["detail"], url
        else:
            assert answer.status_code not in (404, 405), (verb, path, answer.text)


def test_every_served_route_is_documented(native, document):
    """Any method on a documented path that is not documented is refused as such."""
    known = set(operations(document))
    for path in document["paths"]:
        some = "fe39ef81-39fb-4564-b43f-47d843f0b413"
        url = path.format(thread_id=native.thread(), run_id=some, assistant_id=some, delivery_id=some, checkpoint_id=some, cron_id=some, namespace="child")
        for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            # "search" in GET /assistants/search is an assistant's id, and a bad one; "checkpoint" one that there is not.
            as_id = re.sub(r"/[a-z]+$", "/{id}", path)
            other = any(each == verb and re.sub(r"/\{\w+\}$", "/{id}", where) == as_id != path for each, where in known)
            if (verb, path) not in known:
                assert native.http.request(verb, url).status_code in ((404, 422) if other else (405,)), (verb, path)


@pytest.mark.parametrize("path", ["/assistants", "/runs/cancel", "/store/items", "/threads/prune", "/mcp"])
def test_what_is_not_there_yet_says_so(native, path):
    assert native.post(path).status_code in (404, 405, 422, 501)


def test_the_examples_of_the_document_are_accepted(native, document):
    for verb, path in operations(document):
        body = document["paths"][path][verb.lower()].get("requestBody")
        if body and "{" not in path and path.startswith("/threads"):
            answer = native.http.request(verb, path, json=body["content"]["application/json"]["example"])
            assert answer.status_code == 200, (path, answer.text)


# ---------------------------------------------------------------------------------------------- aliases

def test_the_singular_paths_are_aliases(native):
    thread = native.thread()
    body = {"assistant_id": "native_echo", "input": {"text": "x"}}
    run = native.post(f"/thread/{thread}/runs", body)
    assert run.status_code == 200 and run.headers["content-location"] == f"/threads/{thread}/runs/{run.json()['run_id']}"
    assert native.post(f"/thread/{thread}/runs/wait", body).json()["out"] == "x"
    with stream(native, f"/thread/{thread}/runs/stream", body) as opened:
        assert opened.rest()[-1].json()["out"] == "x"
    assert len(native.get(f"/threads/{thread}/runs").json()) == 3
    assert native.get(f"/thread/{thread}/runs/{run.json()['run_id']}/join").json()["out"] == "x"
    assert native.get(f"/thread/{thread}/runs/{run.json()['run_id']}/stream").status_code == 200


# ---------------------------------------------------------------------------------------------- origins and hosts

@pytest.mark.parametrize("origin", [*LOCAL, "https://smith.langchain.com"])
def test_local_pages_may_use_the_server(native, origin):
    preflight = native.http.options("/threads", headers={"Origin": origin, "Access-Control-Request-Method": "POST",
                                                         "Access-Control-Request-Headers": "content-type"})
    assert preflight.status_code in (200, 204) and preflight.headers["access-control-allow-origin"] == origin
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = native.post("/threads", headers={"Origin": origin})
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == origin
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert all(name in exposed for name in ("x-pagination-total", "x-pagination-next", "content-location"))
    assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
                                    "https://smith.langchain.com.evil.example", "http://smith.langchain.com", "null",
                                    "http://evil.example:2024", "http://localhost@evil.example"])
def test_other_pages_may_not(native, origin):
    refused = native.post("/threads", headers={"Origin": origin})
    assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers
    assert "detail" in refused.json()
    assert native.http.delete(f"/threads/{native.thread()}", headers={"Origin": origin}).status_code == 403
    read = native.get("/ok", headers={"Origin": origin})
    assert read.status_code == 200 and "access-control-allow-origin" not in read.headers
    preflight = native.http.options("/threads", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in preflight.headers and preflight.status_code < 500


@pytest.mark.parametrize("host, status", [("localhost:{port}", 200), ("127.0.0.1:{port}", 200), ("[::1]:{port}", 200), ("localhost", 200),
                                          ("evil.example", 421), ("evil.example:{port}", 421), ("127.0.0.1.evil.example", 421),
                                          ("localhost.evil.example:{port}", 421), ("10.0.0.5:{port}", 421)])
def test_foreign_host_names_are_refused_on_loopback(native, host, status):
    answer = native.get("/ok", headers={"Host": host.format(port=native.port)})
    assert answer.status_code == status
    if status == 421:
        assert "detail" in answer.json()


def test_further_hosts_can_be_allowed(serve):
    server = serve(args=["--allowed-hosts", "heddle.test"])
    assert server.get("/ok", headers={"Host": "heddle.test"}).status_code == 200
    assert server.get("/ok", headers={"Host": "other.test"}).status_code == 421
    assert server.get("/ok").status_code == 200


def test_configured_cors_replaces_the_rule(serve):
    server = serve(native_config(http={"cors": {"allow_origins": ["https://app.example"], "allow_methods": ["GET", "POST"],
                                                "allow_headers": ["x-mine"], "max_age": 30}}))
    answer = server.post("/threads", headers={"Origin": "https://app.example"})
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "https://app.example"
    preflight = server.http.options("/threads", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
    assert preflight.headers["access-control-max-age"] == "30"
    assert "access-control-allow-origin" not in server.post("/threads", headers={"Origin": "http://localhost:3000"}).headers


# ---------------------------------------------------------------------------------------------- connections

def test_a_connection_serves_many_requests(native):
    with connect(native.url) as sock:
        for _ in range(3):
            sock.sendall(head(native.url, "POST", "/threads", {}))
            answer = b""
            while not answer.endswith(b"}"):
                answer += sock.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200") and is_uuid(json.loads(answer.split(b"\r\n\r\n", 1)[1])["thread_id"])


def test_pipelined_requests_are_answered_in_order(native):
    with connect(native.url) as sock:
        sock.sendall(head(native.url, "GET", "/ok") + head(native.url, "GET", "/nope") + head(native.url, "GET", "/ok", headers=[("Connection", "close")]))
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"200", b"404", b"200"]


def test_a_chunked_body_is_read(native):
    with connect(native.url) as sock:
        sock.sendall(head(native.url, "POST", "/threads", headers=[("Transfer-Encoding", "chunked"), ("Connection", "close")])
                     + b'10\r\n{"metadata":{"a"\r\n4\r\n:1}}\r\n0\r\n\r\n')
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200") and b'"metadata":{"a":1}' in answer


def test_expect_100_continue(native):
    with connect(native.url) as sock:
        body = b"{}"
        sock.sendall(head(native.url, "POST", "/threads", headers=[("Expect", "100-continue"), ("Content-Length", "2"), ("Connection", "close")]))
        first = sock.recv(65536)
        if first.startswith(b"HTTP/1.1 100"):
            sock.sendall(body)
            first = sock.recv(65536)
    assert first.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("text", [b"garbage\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /ok HTTP/1.1\r\nHost: a b\r\n\r\n",
                                  b"GET /ok HTTP/1.1\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                  b"POST /threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                                  b"POST /threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                                  b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                  b"GET /ok HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70000 + b"\r\n\r\n"])
def test_a_broken_request_is_a_4xx_and_nothing_else_suffers(native, text):
    with connect(native.url) as sock:
        sock.sendall(text)
        try:
            answer = sock.recv(65536)
        except ConnectionResetError:
            answer = b""
    assert answer == b"" or re.match(rb"HTTP/1\.[01] 4\d\d", answer), answer[:200]
    assert native.get("/ok").status_code == 200


def test_a_trailing_slash_leads_nowhere_else(native):
    assert native.get("/threads/").status_code in (307, 308, 404, 405)


def test_percent_encoded_paths_are_decoded(native):
    thread = native.thread()
    assert native.get(f"/threads/{thread.replace('-', '%2D')}").status_code == 200
