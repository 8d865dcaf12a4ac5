# SPDX-License-Identifier: Apache-2.0
"""What the configuration makes of a webhook: fields, size, trace; and what check-config shows of it."""
import json

import pytest

from server import native_config, project, run_binary

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_only_allowed_fields_are_sent(serve, receiver):
    server = serve(native_config(webhooks={"allowed_fields": ["error", "run_id", "status"]}))
    run = server.create_run("native_echo", {"text": "x"}, webhook=receiver.url())
    assert receiver.one().body == json.dumps({"run_id": run["run_id"], "status": "success", "error": None},
                                             separators=(",", ":")).encode()


@pytest.mark.parametrize("stateless", [False, True])
def test_what_is_too_large_can_be_read_at_its_reference(serve, receiver, stateless):
    server = serve(native_config(webhooks={"max_payload_bytes": 2000, "stateless_values": True}))
    text = "é" * 3000
    body = {"assistant_id": "native_echo", "input": {"text": text}, "webhook": receiver.url()}
    path = "/runs" if stateless else f"/threads/{server.thread()}/runs"
    run = server.post(path, body).json()
    came = receiver.one()
    assert len(came.body) <= 2000
    sent = came.json()
    assert sent["values"]["$truncated"] is True and sent["kwargs"]["$truncated"] is True
    assert sent["run_id"] == run["run_id"] and sent["status"] == "success" and sent["error"] is None
    state = server.get(sent["values"]["url"])
    assert state.status_code == 200
    assert (state.json() if stateless else state.json()["values"])["text"] == text
    assert server.get(sent["kwargs"]["url"]).json()["kwargs"]["input"] == {"text": text}


@pytest.mark.parametrize("given, passed_on", [(TRACE, TRACE), (TRACE.upper(), None), ("00-abc-def-01", None), (None, None)])
@pytest.mark.parametrize("path", ["/runs", "/runs/wait", "/runs/batch"])
def test_the_traceparent_of_the_request_is_passed_on(native, receiver, path, given, passed_on):
    body = {"assistant_id": "native_echo", "input": {"text": "x"}, "webhook": receiver.url()}
    answer = native.http.post(path, json=[body] if path.endswith("batch") else body,
                              headers={} if given is None else {"traceparent": given})
    assert answer.status_code == 200, answer.text
    assert receiver.one().header("traceparent") == passed_on


def test_check_config_masks_webhook_secrets(tmp_path):
    secret = run_binary("secret").stdout.strip()
    (tmp_path / "key").write_text(run_binary("secret").stdout)
    config = project(tmp_path, native_config(webhooks={"secrets": [secret, "file:key"], "proxy": "http://u:hunter2@proxy.example:3128"}))
    done = run_binary("check-config", "--config", config)
    assert done.returncode == 0, done.stderr
    webhooks = json.loads(done.stdout)["webhooks"]
    assert webhooks["secrets"] == ["********", "********"]
    assert webhooks["proxy"] == {"url": "http://proxy.example:3128", "authorization": "********", "no_proxy": [], "resolve": "here"}
    assert secret[6:] not in done.stdout and "hunter2" not in done.stdout


def test_a_wrong_secret_stops_the_start_and_is_not_repeated(tmp_path):
    config = project(tmp_path, native_config(webhooks={"secrets": ["hunter2"], "connect_timeout_seconds": 40}))
    done = run_binary("serve", "--config", config, "--port", "0")
    assert done.returncode == 1
    assert "webhooks.secrets[0]: " in done.stderr and "webhooks.connect_timeout_seconds: " in done.stderr
    assert "hunter2" not in done.stderr
