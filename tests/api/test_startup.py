# SPDX-License-Identifier: Apache-2.0
"""Starting, refusing to start, and stopping."""
import json
import re
import signal
import socket
import time

import pytest

from server import SLOW, native_config, project, run_binary, wire_config
from sse import Exchange, stream
from waiting import until


def check(tmp_path, config, *args, env=None):
    return run_binary("check-config", "--config", project(tmp_path, config), *args, env=env, cwd=tmp_path)


def said(result):
    return result.stdout + result.stderr


def test_version():
    result = run_binary("--version")
    assert result.returncode == 0 and re.search(r"\d+\.\d+\.\d+", result.stdout)


def test_help_lists_the_verbs():
    result = run_binary("--help")
    assert result.returncode == 0 and "serve" in result.stdout and "check-config" in result.stdout


def test_check_config_prints_what_counts_and_masks_secrets(tmp_path):
    config = native_config(webhooks={"headers": {"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}, "url": {"require_https": True}},
                           env={"PASSWORD": "hunter2"})
    result = check(tmp_path, config, env={"LG_WEBHOOK_TOKEN": "s3cret"})
    assert result.returncode == 0, said(result)
    shown = json.loads(result.stdout)
    assert shown["webhooks"]["url"]["require_https"] is True and "native_echo" in json.dumps(shown["graphs"])
    assert "s3cret" not in said(result) and "hunter2" not in said(result)


PROBLEMS = [
    ({"webhooks": {"url": {"allowed_ports": ["x"]}}}, ["webhooks.url.allowed_ports"]),
    ({"webhooks": {"url": {"allowed_ports": [70000]}}}, ["webhooks.url.allowed_ports"]),
    ({"webhooks": {"url": {"require_https": "yes"}}}, ["webhooks.url.require_https"]),
    ({"webhooks": {"url": {"max_url_length": -1}}}, ["webhooks.url.max_url_length"]),
    ({"webhooks": {"url": {"allowed_domains": "example.com"}}}, ["webhooks.url.allowed_domains"]),
    ({"webhooks": {"url": {"allowed_domains": ["a.*.com"]}}}, ["webhooks.url.allowed_domains[0]"]),
    ({"webhooks": {"url": {"allowed_networks": ["10.0.0.0/99"]}}}, ["webhooks.url.allowed_networks"]),
    ({"webhooks": {"url": {"disable_loopback": 1}}}, ["webhooks.url.disable_loopback"]),
    ({"webhooks": {"headers": {"X-A": 5}}}, ["webhooks.headers.X-A"]),
    ({"webhooks": {"headers": {"X A": "v"}}}, ["webhooks.headers"]),
    ({"webhooks": {"headers": {"X-A": "a\r\nX-Evil: 1"}}}, ["webhooks.headers.X-A"]),
    ({"webhooks": {"headers": {"X-A": "${{ env.LG_WEBHOOK_MISSING }}"}}}, ["webhooks.headers.X-A", "LG_WEBHOOK_MISSING"]),
    ({"webhooks": {"headers": {"X-A": "${{ env.HOME }}"}}}, ["webhooks.headers.X-A", "HOME", "LG_WEBHOOK_"]),
    ({"webhooks": {"headers": {"X-A": "${{ secrets.X }}"}}}, ["webhooks.headers.X-A"]),
    ({"webhooks": {"retry": {"schedule": ["soon"]}}}, ["webhooks.retry.schedule"]),
    ({"webhooks": 5}, ["webhooks"]),
    ({"http": {"disable_webhooks": "no"}}, ["http.disable_webhooks"]),
    ({"http": {"cors": {"allow_origins": "x"}}}, ["http.cors.allow_origins"]),
    ({"graphs": {"a": 5}}, ["graphs.a"]),
    ({"graphs": {"a": "heddle:nope"}}, ["graphs.a"]),
    ({"graphs": {"a": "no colon"}}, ["graphs.a"]),
    ({"graphs": {}}, ["graphs"]),
    ({"env": 5}, ["env"]),
    ({"dependencies": "x"}, ["dependencies"]),
]


@pytest.mark.parametrize("part, names", PROBLEMS, ids=lambda value: json.dumps(value))
def test_a_problem_stops_the_start_and_names_its_key(tmp_path, part, names):
    result = check(tmp_path, native_config() | part)
    assert result.returncode == 1, said(result)
    for name in names:
        assert name in said(result), said(result)
    assert not re.search(r"Traceback|terminate called|what\(\)", said(result))


def test_all_problems_are_told_at_once(tmp_path):
    config = native_config(webhooks={"url": {"allowed_ports": ["x"], "require_https": "yes"}, "headers": {"X-A": 5}},
                           http={"disable_webhooks": "no"}, env=7)
    result = check(tmp_path, config)
    assert result.returncode == 1
    for key in ("webhooks.url.allowed_ports", "webhooks.url.require_https", "webhooks.headers.X-A", "http.disable_webhooks", "env"):
        assert key in said(result)


@pytest.mark.parametrize("config", ["{bad", "[]", "", '{"graphs": {"a": "heddle:echo"},}'])
def test_a_config_that_is_not_json_is_a_problem(tmp_path, config):
    result = check(tmp_path, config)
    assert result.returncode == 1 and "langgraph.json" in said(result)


def test_a_config_that_is_missing_is_a_problem(tmp_path):
    result = run_binary("check-config", "--config", tmp_path / "nope.json")
    assert result.returncode == 1 and "nope.json" in said(result)


def test_an_unknown_key_warns_and_names_the_nearest(tmp_path):
    result = check(tmp_path, native_config(webhook={}, http={"disable_webhook": True}))
    assert result.returncode == 0, said(result)
    assert "webhook" in result.stderr and "webhooks" in result.stderr and "disable_webhooks" in result.stderr


def test_an_env_file_that_is_missing_warns(tmp_path):
    result = check(tmp_path, native_config(env="./missing.env"))
    assert result.returncode == 0 and "missing.env" in result.stderr


def test_keys_of_later_versions_are_accepted_with_a_notice(tmp_path):
    result = check(tmp_path, native_config(checkpointer={"serde": {}}, python_version="3.11", dockerfile_lines=[]))
    assert result.returncode == 0 and "not supported yet" in said(result)


def test_the_environment_may_bring_the_blocks(tmp_path):
    env = {"LANGSERVE_GRAPHS": '{"from_env": "heddle:echo"}', "LANGGRAPH_HTTP": '{"disable_webhooks": true}'}
    result = check(tmp_path, native_config(), env=env)
    assert result.returncode == 0 and "from_env" in result.stdout and "native_echo" not in result.stdout
    bad = check(tmp_path, native_config(), env={"LANGGRAPH_WEBHOOKS": "{bad"})
    assert bad.returncode == 1 and "LANGGRAPH_WEBHOOKS" in said(bad)


def test_serve_stops_before_it_binds(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = native_config(webhooks={"headers": {"X-A": "${{ env.LG_WEBHOOK_MISSING }}"}})
    result = run_binary("serve", "--config", project(tmp_path, config), "--port", port, "--data-dir", tmp_path / "data")
    assert result.returncode != 0 and "heddle ready" not in result.stdout and "LG_WEBHOOK_MISSING" in said(result)


def test_unknown_flags_and_bad_values_are_refused(tmp_path):
    path = project(tmp_path, native_config())
    for args in (["--nope"], ["--port", "x"], ["--port", "70000"], ["--python-workers", "-1"], ["--log-format", "xml"]):
        result = run_binary("serve", "--config", path, *args)
        assert result.returncode != 0 and "heddle ready" not in result.stdout and said(result).strip()


def test_a_port_that_is_taken_is_named(native, tmp_path):
    result = run_binary("serve", "--config", project(tmp_path, native_config()), "--port", native.port, "--data-dir", tmp_path / "d")
    assert result.returncode != 0 and str(native.port) in said(result)


def test_it_is_ready_at_once_and_runs_wait_for_the_workers(serve):
    server = serve.make(wire_config())
    started = time.monotonic()
    server.start()
    assert server.get("/ok").status_code == 200
    assert time.monotonic() - started < 1.0 * SLOW  # the workers take longer
    assert server.wait_run("echo", {"text": "early"})["out"] == "early"


def test_sigterm_lets_a_short_run_end_and_exits_0(serve):
    server = serve()
    with Exchange(server.url, "POST", "/runs/wait", {"assistant_id": "native_sleep", "input": {"seconds": 0.5}}) as opened:
        until(lambda: server.get("/metrics?format=json").json()["queue"]["n_running"] == 1, "the run to start")
        server.terminate()
        assert opened.body().strip() == b'{"seconds":0.5,"slept":0.5}'
    assert server.wait() == 0


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_stops_quickly(serve, signal_number):
    server = serve()
    server.thread()
    server.process.send_signal(signal_number)
    started = time.monotonic()
    assert server.wait() == 0 and time.monotonic() - started < 3 * SLOW


def test_what_was_stored_is_there_after_a_restart(serve):
    server = serve()
    thread = server.thread(metadata={"a": 1})
    server.wait_run("native_echo", {"text": "x"}, thread)
    before = server.get(f"/threads/{thread}").text, server.get(f"/threads/{thread}/state").text, server.get(f"/threads/{thread}/runs").text
    assistants = server.post("/assistants/search").text
    assert server.stop() == 0
    server.start()
    assert before == (server.get(f"/threads/{thread}").text, server.get(f"/threads/{thread}/state").text, server.get(f"/threads/{thread}/runs").text)
    assert server.post("/assistants/search").text == assistants


def test_database_uri_names_the_file(serve, tmp_path):
    server = serve(env={"DATABASE_URI": f"sqlite:{tmp_path}/other.db"})
    server.thread()
    assert (tmp_path / "other.db").exists()


def test_a_second_server_on_the_same_data_is_refused(serve):
    server = serve()
    result = run_binary("serve", "--config", server.config, "--port", 0, "--data-dir", server.data_dir)
    assert result.returncode != 0 and "heddle ready" not in result.stdout
    assert server.get("/ok").status_code == 200


def test_logs_can_be_json_and_hold_no_payloads(serve, receiver):
    server = serve(args=["--log-format", "json", "--log-level", "debug"])
    server.wait_run("native_echo", {"text": "very private"}, webhook=receiver.url("/h?token=s3cret"))
    receiver.one("/h")
    with stream(server, "/runs/stream", {"assistant_id": "native_fail", "input": {}}) as opened:
        opened.rest()
    server.stop()
    lines = [line for line in server.log().splitlines() if line]
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)
    assert "very private" not in server.log() and "s3cret" not in server.log()


def test_a_graph_that_cannot_be_loaded_fails_its_runs_only(serve):
    config = wire_config(graphs={"echo": "./graphs.py:echo", "missing": "./graphs.py:nope", "native_echo": "heddle:echo"})
    server = serve(config)
    assert server.wait_run("echo", {"text": "x"})["out"] == "x"
    broken = server.wait_run("missing", {"text": "x"})["__error__"]
    assert broken["error"] == "GraphLoadError" and "nope" in broken["message"]
    # And everybody can see it, without a run.
    assert server.get("/info").json()["graph_errors"] == {"missing": broken}
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"
