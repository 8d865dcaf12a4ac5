# SPDX-License-Identifier: Apache-2.0
"""The `http` block: routes that are taken away or moved, headers that go further. Origins are in test_browser.py."""
import asyncio
import json

import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.errors import NotFoundError

from cutting import Cutting
from server import SLOW, native_config, run_binary, wire_config
from sse import request
from waiting import until

PREFIX = "/my/api"


# ---------------------------------------------------------------------------------------------- mount_prefix

def bare(server, path, method="GET", body=None):
    """A request whose path is the server's own, whatever its prefix."""
    return request(server.url, method, path, body)


def test_everything_is_below_the_prefix_but_the_probes(mounted):
    until(lambda: mounted.get("/ready").status_code == 200, "the workers", 30 * SLOW)
    for path in ("/ok", "/ready", f"{PREFIX}/ok", f"{PREFIX}/ready", f"{PREFIX}", f"{PREFIX}/info", f"{PREFIX}/metrics", f"{PREFIX}/docs",
                 f"{PREFIX}/openapi.json"):
        assert bare(mounted, path).status == 200, path
    for path in ("/", "/info", "/metrics", "/docs", "/openapi.json", "/my", "/my/apis/ok", "/my/api2", "/threads/x"):
        assert bare(mounted, path).status == 404, path
    assert bare(mounted, "/threads", "POST", {}).status == 404
    assert bare(mounted, f"{PREFIX}/threads", "PUT", {}).status == 405


def test_locations_have_the_prefix_and_lead_somewhere(mounted):
    thread = mounted.thread()
    body = {"assistant_id": "native_echo", "input": {"text": "x"}}
    for path, temporary in ((f"/threads/{thread}/runs", False), (f"/thread/{thread}/runs", False), ("/runs", True)):
        for kind in ("", "/wait", "/stream"):
            answer = mounted.post(path + kind, body)
            where = answer.headers["content-location"]
            assert where.startswith(f"{PREFIX}/runs/" if temporary else f"{PREFIX}/threads/{thread}/runs/")
            assert json.loads(bare(mounted, where).raw)["run_id"] == where.rsplit("/", 1)[1]
            if kind:
                assert answer.headers["location"] == where + ("/join" if kind == "/wait" else "/stream")
                joined = bare(mounted, answer.headers["location"])
                assert joined.status == 200
                assert joined.header("content-location") == where and joined.header("location") == answer.headers["location"]
                assert mounted.get(answer.headers["location"]).status_code == 200  # behind the base URL, as SDKs put it


def test_the_document_and_its_page_know_the_prefix(mounted):
    document = mounted.get("/openapi.json").json()
    assert document["servers"][0]["url"] == PREFIX and "/threads" in document["paths"] and "/ready" in document["paths"]
    assert "./openapi.json" in mounted.get("/docs").text


def test_the_python_sdk_works_below_a_prefix(mounted):
    client = get_sync_client(url=mounted.url, api_key=None)
    thread = client.threads.create()["thread_id"]
    assert client.runs.wait(thread, "echo", input={"text": "x"})["out"] == "x"
    assert [each["thread_id"] for each in client.threads.search(ids=[thread])] == [thread]
    assert client.assistants.search(graph_id="echo")
    client.store.put_item(["mounted"], "k", {"a": 1})
    assert client.store.get_item(["mounted"], "k")["value"] == {"a": 1}


def test_the_python_sdk_reconnects_below_a_prefix(mounted):
    thread = mounted.thread()
    asked = {"input": {"n": 20}, "stream_mode": "custom", "stream_resumable": True}

    async def read():
        with Cutting(mounted.url, [900, 700, 800]) as cutting:
            client = get_client(url=cutting.url, api_key=None)
            parts = [part async for part in client.runs.stream(thread, "custom", **asked)]
            assert not cutting.cuts
            return parts

    parts = asyncio.run(read())
    assert [part.data["progress"] for part in parts[1:]] == list(range(20))


@pytest.mark.parametrize("path", ["/threads/{}/runs", PREFIX + "/threads/{}/runs"])
def test_a_relative_webhook_is_below_the_prefix(mounted, path):
    other = mounted.thread()
    run = mounted.create_run("native_echo", {"text": "x"}, webhook=path.format(other))
    started = until(lambda: mounted.get(f"/threads/{other}/runs").json(), "the webhook to start a run", 15 * SLOW)
    assert len(started) == 1 and started[0]["run_id"] != run["run_id"]


def test_references_of_large_webhooks_have_the_prefix(serve, receiver):
    server = serve(native_config(http={"mount_prefix": PREFIX}, webhooks={"max_payload_bytes": 1024}), mount=PREFIX)
    run = server.create_run("native_echo", {"text": "x" * 5000}, webhook=receiver.url())
    values = receiver.one().json()["values"]
    assert values == {"$truncated": True, "url": f"{PREFIX}/threads/{run['thread_id']}/state"}
    assert bare(server, values["url"]).status == 200


def test_the_environment_names_the_prefix_first(serve):
    server = serve(native_config(http={"mount_prefix": "/file"}), env={"MOUNT_PREFIX": "/env"}, mount="/env")
    assert server.get("/info").status_code == 200 and bare(server, "/file/info").status == 404


def test_the_block_comes_from_the_environment(serve):
    server = serve(env={"LANGGRAPH_HTTP": '{"mount_prefix": "/block", "disable_store": true}'}, mount="/block")
    assert server.get("/info").status_code == 200
    assert server.post("/store/items/search", {"namespace_prefix": []}).status_code == 404


@pytest.mark.parametrize("prefix", ["api", "/api/", "/", "/a?b", "/a//b"])
def test_a_bad_prefix_stops_the_start(tmp_path, prefix):
    (tmp_path / "langgraph.json").write_text(json.dumps(native_config(http={"mount_prefix": prefix})))
    result = run_binary("check-config", "--config", tmp_path)
    assert result.returncode == 1 and "http.mount_prefix" in result.stdout + result.stderr


# ---------------------------------------------------------------------------------------------- disable_…

GROUPS = {
    "disable_assistants": ["/assistants"],
    "disable_threads": ["/threads"],
    "disable_runs": ["/threads/{thread_id}/runs", "/threads/{thread_id}/stream", "/runs", "/thread/{thread_id}/runs"],
    "disable_store": ["/store"],
    "disable_meta": ["/info", "/metrics", "/docs", "/openapi.json"],
}


def group_of(path):
    """The flag that takes a path away, by the longest beginning that fits."""
    fitting = [(start, flag) for flag, starts in GROUPS.items() for start in starts if path == start or path.startswith(start + "/")]
    return max(fitting)[1] if fitting else "disable_meta" if path == "/" else None


@pytest.fixture(scope="module")
def operations(native):
    """(method, path with made-up parameters, the flag that takes it away) of everything that is documented."""
    fill = {"thread_id": "00000000-0000-4000-8000-000000000001", "run_id": "00000000-0000-4000-8000-000000000002"}
    document = native.get("/openapi.json").json()
    found = []
    for path, item in document["paths"].items():
        asked = path
        for name, value in fill.items():
            asked = asked.replace("{%s}" % name, value)
        found += [(verb.upper(), path, asked, group_of(path)) for verb in item]
    assert {flag for *_, flag in found} == {*GROUPS, None}
    return found


def exists(server, method, path):
    """Whether the path has a route: without one, no method is answered otherwise than by 404 Not Found."""
    answer = server.http.request(method, path, json={})
    return not (answer.status_code == 404 and answer.json() == {"detail": "Not Found"}) and answer.status_code != 405


@pytest.mark.parametrize("flag", GROUPS)
def test_a_group_of_routes_can_be_taken_away(serve, operations, flag):
    server = serve(native_config(http={flag: True}))
    for method, path, asked, group in operations:
        if path.startswith("/metrics") or "{" not in asked or group == flag:
            assert exists(server, method, asked) == (group != flag), f"{method} {path}"
    if flag == "disable_meta":
        assert server.get("/ok").text == '{"ok":true}' and server.get("/ready").text == '{"ready":true}'
        return
    shown = server.get("/openapi.json").json()
    assert set(shown["paths"]) == {path for _, path, _, group in operations if group != flag}
    names = set(shown["components"]["schemas"])
    assert all(f'"#/components/schemas/{name}"' in json.dumps(shown) for name in names)
    assert ("Assistant" in names) == (flag != "disable_assistants")


def test_what_is_left_works_without_the_others(serve):
    sdk = get_sync_client
    server = serve(native_config(http={"disable_assistants": True, "disable_threads": True, "disable_store": True}))
    client = sdk(url=server.url, api_key=None)
    assert client.runs.wait(None, "native_echo", input={"text": "x"})["out"] == "x"  # a run by its graph
    for refused in (lambda: client.assistants.search(), lambda: client.threads.create(), lambda: client.store.search_items(["a"])):
        with pytest.raises(NotFoundError):
            refused()
    assert server.get("/info").json()["flags"]["assistants"] is False
    # A thread made by a run itself.
    thread = "00000000-0000-4000-8000-0000000000aa"
    answer = server.post(f"/threads/{thread}/runs/wait", {"assistant_id": "native_echo", "input": {"text": "x"}, "if_not_exists": "create"})
    assert answer.json()["out"] == "x"

    server = serve(native_config(http={"disable_runs": True}))
    client = sdk(url=server.url, api_key=None)
    thread = client.threads.create()["thread_id"]
    assert client.threads.get_state(thread)["values"] in ({}, None) and client.assistants.search()
    with pytest.raises(NotFoundError):
        client.runs.create(None, "native_echo", input={"text": "x"})
    with pytest.raises(NotFoundError):
        client.runs.list(thread)


# ---------------------------------------------------------------------------------------------- headers

HEADERS = {"X-Org-Id": "O", "X-Org-Secret": "S", "foo": "bar", "Authorization": "Bearer t0ken", "X-Api-Key": "k3y", "Cookie": "c=00kie",
           "X-Tenant-Id": "t3nant", "X-Service-Key": "s3rvice"}
SECRETS = ("t0ken", "k3y", "00kie", "t3nant", "s3rvice")


def configurable(server, run):
    return run["kwargs"]["config"]["configurable"]


@pytest.fixture(scope="module")
def forwarding(tmp_path_factory):
    from server import Server  # noqa: PLC0415
    rule = {"includes": ["x-ORG-*", "foo", "authorization"], "excludes": ["X-Org-Secret"]}
    with Server(tmp_path_factory.mktemp("forwarding"), wire_config(http={"configurable_headers": rule})) as server:
        yield server


@pytest.mark.parametrize("path", ["/threads/{}/runs", "/thread/{}/runs", "/runs", "/runs/batch"])
@pytest.mark.parametrize("given", [{}, {"config": {"configurable": {"x-org-id": "body", "mine": 1}}}, {"context": {"x-org-id": "body", "mine": 1}}],
                         ids=["nothing", "configurable", "context"])
def test_headers_go_into_configurable_and_win(forwarding, path, given):
    body = {"assistant_id": "native_echo", "input": {"text": "x"}, **given}
    answer = forwarding.post(path.format(forwarding.thread()), [body] if path.endswith("batch") else body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    run = answer.json()[0] if path.endswith("batch") else answer.json()
    found = configurable(forwarding, run)
    assert found["x-org-id"] == "O" and found["foo"] == "bar" and found.get("mine") == (1 if given else None)
    assert not {"x-org-secret", "authorization", "x-api-key", "cookie"} & set(found)


@pytest.mark.parametrize("path", ["/runs/wait", "/runs/stream", "/threads/{}/runs/wait", "/threads/{}/runs/stream"])
def test_a_graph_sees_the_headers(forwarding, path):
    body = {"assistant_id": "custom", "input": {"n": 0}, "stream_mode": "values"}
    text = forwarding.post(path.format(forwarding.thread()), body, headers=HEADERS).text
    assert '"x-org-id":"O"' in text and '"foo":"bar"' in text
    assert not any(secret in text for secret in (*SECRETS, "x-org-secret"))


def test_a_star_passes_everything_but_credentials(serve):
    server = serve(native_config(http={"configurable_headers": {"includes": ["*"]}}))
    body = {"assistant_id": "native_echo", "input": {"text": "x"}}
    run = server.post("/runs", body, headers=[*HEADERS.items(), ("X-Many", "1"), ("x-many", "2"), ("langgraph_auth_user", "root"), ("thread_id", "x")]).json()
    found = configurable(server, run)
    assert found["x-many"] == "1, 2" and found["x-org-secret"] == "S" and found["content-type"] == "application/json"
    assert found["thread_id"] == run["thread_id"] and "langgraph_auth_user" not in found
    assert not any(secret in json.dumps(run) for secret in SECRETS)


def test_no_header_passes_by_default(native):
    run = native.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"}}, headers=HEADERS).json()
    assert set(configurable(native, run)) == {"run_id", "thread_id", "graph_id", "assistant_id"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_shows_requests_with_the_headers_that_are_named(serve, form):
    rule = {"includes": ["x-*", "authorization", "foo"], "excludes": ["x-org-secret"]}
    server = serve(native_config(http={"logging_headers": rule}), args=["--log-format", form])
    long = "l" * 5000
    server.post("/runs/wait?secret=1", {"assistant_id": "native_echo", "input": {"text": "x"}}, headers={**HEADERS, "X-Long": long, "X-Odd": "a\tb=\"c"})
    line = until(lambda: next((each for each in server.log().splitlines() if "/runs/wait" in each), None), "the request's line", 10 * SLOW)
    assert "http.request" in line and "l" * 1024 in line and "l" * 1025 not in line
    assert not any(secret in line for secret in (*SECRETS, "secret"))
    if form == "json":
        shown = json.loads(line)
        assert shown["level"] == "info" and shown["header.x-org-id"] == "O" and shown["header.foo"] == "bar"
        assert shown["header.x-odd"] == 'a\tb="c' and shown["status"] == 200 and shown["path"] == "/runs/wait"
    else:
        assert " header.x-org-id=O " in line


def test_requests_are_not_logged_by_default(serve):
    server = serve()
    server.get("/info", headers=HEADERS)
    server.stop()
    assert "http.request" not in server.log()
