# SPDX-License-Identifier: Apache-2.0
"""HEDDLE_API_KEYS: who has no key gets nothing but /ok and the API's document."""
import asyncio
import json
import signal

import httpx
import pytest
from langgraph.pregel.remote import RemoteGraph
from langgraph_sdk import get_client, get_sync_client

import server as support
from server import ROOT, native_config, project, run_binary, wire_config
from waiting import until

KEY = "key-one-of-the-tests-0123456789"
OTHER = "key-two-of-the-tests-0123456789"
OPEN = {"/ok", "/docs", "/openapi.json"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("closed")
    with support.Server(folder, native_config(), env={"HEDDLE_API_KEYS": f"{KEY}, {OTHER}"}) as server:
        yield server


def operations():
    document = json.loads((ROOT / "config" / "openapi.json").read_text())
    for path, item in document["paths"].items():
        for method in item:
            yield method.upper(), path


@pytest.mark.parametrize("method, path", list(operations()))
def test_every_route_but_three_needs_a_key(closed, method, path):
    there = path
    for name in ("thread_id", "run_id", "assistant_id", "cron_id", "delivery_id", "checkpoint_id", "namespace", "graph_id"):
        there = there.replace("{%s}" % name, "00000000-0000-4000-8000-000000000000")
    assert "{" not in there
    answer = httpx.request(method, closed.url + there, json={} if method in ("POST", "PUT", "PATCH") else None)
    if path in OPEN:
        assert answer.status_code == 200
        return
    assert answer.status_code == 401, answer.text
    assert set(answer.json()) == {"detail"} and answer.headers["www-authenticate"] == "Bearer"
    with_key = httpx.request(method, closed.url + there, json={} if method in ("POST", "PUT", "PATCH") else None,
                             headers={"x-api-key": OTHER}, timeout=30)
    assert with_key.status_code != 401, with_key.text


def test_unknown_paths_and_methods_say_nothing_either(closed):
    assert httpx.get(closed.url + "/nothing/here").status_code == 401
    assert httpx.delete(closed.url + "/threads").status_code == 401
    assert httpx.get(closed.url + "/nothing/here", headers={"x-api-key": KEY}).status_code == 404


def test_both_headers_and_both_keys(closed):
    for headers in ({"x-api-key": KEY}, {"X-API-Key": OTHER}, {"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {OTHER}"}):
        assert httpx.get(closed.url + "/info", headers=headers).status_code == 200, headers
    for headers in ({"x-api-key": KEY + "x"}, {"x-api-key": ""}, {"Authorization": f"Basic {KEY}"}, {"Authorization": KEY}):
        refused = httpx.get(closed.url + "/info", headers=headers)
        assert refused.status_code == 401 and KEY not in refused.text, headers


def test_the_sdks_and_remote_graph_send_it(closed):
    client = get_sync_client(url=closed.url, api_key=KEY)
    thread = client.threads.create()
    assert client.runs.wait(thread["thread_id"], "native_echo", input={"text": "hi"})["out"] == "hi"
    with pytest.raises(httpx.HTTPStatusError) as refused:
        get_sync_client(url=closed.url, api_key="not-a-key").threads.create()
    assert refused.value.response.status_code == 401

    async def streamed():
        parts = []
        async for part in get_client(url=closed.url, api_key=OTHER).runs.stream(None, "native_echo", input={"text": "a"}):
            parts.append(part.event)
        return parts

    assert "values" in asyncio.run(streamed())
    remote = RemoteGraph("native_echo", url=closed.url, api_key=KEY)
    assert remote.invoke({"text": "far"})["out"] == "far"


def test_any_website_with_a_key_may_call(closed):
    origin = {"Origin": "https://app.example"}
    preflight = httpx.options(closed.url + "/threads", headers={**origin, "Access-Control-Request-Method": "POST",
                                                               "Access-Control-Request-Headers": "x-api-key"})
    assert preflight.status_code == 200 and preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-api-key" in preflight.headers["access-control-allow-headers"]
    refused = httpx.post(closed.url + "/threads", json={}, headers=origin)
    assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == "https://app.example"
    assert httpx.post(closed.url + "/threads", json={}, headers={**origin, "x-api-key": KEY}).status_code == 200


def test_below_a_mount_prefix(tmp_path):
    config = native_config(http={"mount_prefix": "/my/api"})
    with support.Server(tmp_path, config, env={"HEDDLE_API_KEYS": KEY}, mount="/my/api") as server:
        root = server.url.removesuffix("/my/api")
        for path in ("/ok", "/my/api/ok", "/my/api/docs", "/my/api/openapi.json"):
            assert httpx.get(root + path).status_code == 200, path
        for path in ("/ready", "/my/api/ready", "/my/api/info", "/my/api/my/api/info", "/docs", "/info", "/my/api/my/api/threads"):
            assert httpx.get(root + path).status_code == 401, path
        assert httpx.get(server.url + "/info", headers={"x-api-key": KEY}).status_code == 200


def test_keys_of_a_file_change_without_a_restart(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(KEY + "\n")
    with support.Server(tmp_path / "project", native_config(), args=["--api-keys-file", keys]) as server:
        status = lambda key: httpx.get(server.url + "/info", headers={"x-api-key": key}).status_code  # noqa: E731
        assert (status(KEY), status(OTHER)) == (200, 401)
        keys.write_text(f"{KEY}\n{OTHER}\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: status(OTHER) == 200, "the second key to be taken")
        assert status(KEY) == 200
        keys.write_text(OTHER + "\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: status(KEY) == 401, "the first key to be refused")
        keys.write_text("\n")  # a mistake must not open the server
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "server.not_reloaded" in server.log(), "the reload to be refused")
        assert (status(OTHER), status(KEY)) == (200, 401)
        assert OTHER not in server.log() and KEY not in server.log()


def test_a_server_that_others_can_reach_warns_without_keys(tmp_path):
    config = project(tmp_path, native_config())
    loud = run_binary("check-config", "--config", config, "--host", "0.0.0.0")
    assert loud.returncode == 0 and "warning: HEDDLE_API_KEYS: NO API KEY" in loud.stderr
    quiet = run_binary("check-config", "--config", config, "--host", "0.0.0.0", env={"HEDDLE_API_KEYS": KEY})
    assert "NO API KEY" not in quiet.stderr and KEY not in quiet.stdout + quiet.stderr
    assert "NO API KEY" not in run_binary("check-config", "--config", config).stderr


def test_graphs_do_not_see_the_keys(tmp_path):
    config = wire_config(graphs={"spy": "./spy.py:graph"})
    folder = tmp_path / "spy"
    folder.mkdir()
    (folder / "spy.py").write_text(
        "import os\nfrom typing import TypedDict\nfrom langgraph.graph import StateGraph\n\n\n"
        "class State(TypedDict, total=False):\n    seen: list\n\n\n"
        "def look(state):\n    return {'seen': [f'{k}={v}' for k, v in os.environ.items()]}\n\n\n"
        "graph = StateGraph(State).add_node('look', look).set_entry_point('look').compile()\n")
    with support.Server(folder, config, env={"HEDDLE_API_KEYS": KEY}, workers=1) as server:
        answer = httpx.post(server.url + "/runs/wait", json={"assistant_id": "spy", "input": {}}, headers={"x-api-key": KEY}, timeout=60)
        assert answer.status_code == 200 and answer.json()["seen"], answer.text
        assert KEY not in answer.text


def test_a_relative_webhook_needs_a_key_like_anybody(tmp_path):
    """It calls the server itself: without the key in webhooks.headers it is refused, with it it arrives."""
    config = native_config(webhooks={"headers": {"x-api-key": "${{ env.LG_WEBHOOK_KEY }}"}, "retry": {"schedule": []}})
    env = {"HEDDLE_API_KEYS": f"{KEY},{OTHER}"}
    for shown, status in ((KEY, 200), ("not-one-of-the-keys-at-all", 401)):
        with support.Server(tmp_path / shown, config, env={**env, "LG_WEBHOOK_KEY": shown}) as server:
            headers = {"x-api-key": OTHER}
            made = httpx.post(server.url + "/runs/wait", json={"assistant_id": "native_echo", "input": {"text": "x"},
                                                               "webhook": "/assistants/search"}, headers=headers, timeout=30)
            assert made.status_code == 200

            def attempts():
                found = httpx.get(server.url + "/webhooks/deliveries", headers=headers).json()["deliveries"]
                return found and found[0]["status"] != "pending" and found[0]

            last = until(attempts, "the delivery to be tried")
            assert last["attempts"][-1]["status_code"] == status, last
