# SPDX-License-Identifier: Apache-2.0
"""`heddle health`, as probes of containers call it."""
import json
import socket

import pytest

from receiver import Receiver, Reply
from server import run_binary


def ask(*arguments, **env):
    done = run_binary("health", *arguments, env=env)
    return done.returncode, done.stdout, done.stderr


def test_a_server_that_is_ready_is_healthy(native):
    code, said, error = ask("--url", native.url)
    assert (code, error) == (0, "")
    assert json.loads(said)["ready"] is True
    code, said, error = ask("--live", "--url", native.url + "/")
    assert (code, error) == (0, "")
    assert json.loads(said)["ok"] is True


def test_without_a_url_it_asks_the_server_that_the_environment_describes(native):
    for host in ("127.0.0.1", "0.0.0.0", "localhost", ""):
        assert ask(PORT=str(native.port), HEDDLE_HOST=host)[0] == 0, host


def test_a_server_on_ipv6_is_asked_there(serve):
    server = serve(args=["--host", "::1"])
    for host in ("::1", "::", "[::1]"):
        assert ask(PORT=str(server.port), HEDDLE_HOST=host)[0] == 0, host
    assert ask("--url", f"http://[::1]:{server.port}")[0] == 0


def test_a_server_below_a_prefix_and_with_names_of_its_own_is_asked_as_it_wants_to_be(serve):
    server = serve(args=["--host", "0.0.0.0"], env={"HEDDLE_ALLOWED_HOSTS": "agents.example.com,other.example.com", "MOUNT_PREFIX": "/api"})
    assert ask(PORT=str(server.port), HEDDLE_HOST="0.0.0.0", HEDDLE_ALLOWED_HOSTS="agents.example.com,other.example.com")[0] == 0
    code, _, error = ask(PORT=str(server.port), HEDDLE_HOST="0.0.0.0")
    assert (code, error) == (1, f"heddle: /ready of http://127.0.0.1:{server.port}: status 421\n")


def test_a_server_with_keys_is_shown_one_of_its_own(serve, tmp_path):
    key, other = "key-one-of-the-tests-0123456789", "key-two-of-the-tests-0123456789"
    keys = tmp_path / "keys"
    keys.write_text(f"{key}\n{other}\n")
    server = serve(env={"HEDDLE_API_KEYS_FILE": str(keys)})
    here = {"PORT": str(server.port), "HEDDLE_HOST": "127.0.0.1"}
    assert ask(**here, HEDDLE_API_KEYS=f"{other},{key}")[0] == 0
    assert ask(**here, HEDDLE_API_KEYS_FILE=str(keys))[0] == 0
    assert ask("--live", **here)[0] == 0
    assert ask(**here)[2] == f"heddle: /ready of http://127.0.0.1:{server.port}: status 401\n"
    # It may be somebody else's.
    assert ask("--url", server.url, HEDDLE_API_KEYS=key)[0] == 1


def test_a_server_that_is_not_ready_is_not_healthy_and_says_why():
    with Receiver(default=Reply(status=503, body=b'{"ready": false, "checks": {"database": "the disk is full"}}')) as receiver:
        code, said, error = ask("--url", f"http://127.0.0.1:{receiver.port}")
    assert (code, json.loads(said)["checks"]) == (1, {"database": "the disk is full"})
    assert error.endswith(": status 503\n")


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(close=True)], ids=["hangs", "closes"])
def test_a_server_that_does_not_answer_is_not_healthy(reply):
    with Receiver(default=reply) as receiver:
        code, said, error = ask("--url", f"http://127.0.0.1:{receiver.port}")
        receiver.release()
    assert (code, said) == (1, "")
    assert error == f"heddle: /ready of http://127.0.0.1:{receiver.port}: {'no answer within 5 s' if reply.hang else 'the answer was cut'}\n"


def test_nobody_there_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert ask("--url", f"http://127.0.0.1:{port}") == (1, "", f"heddle: /ready of http://127.0.0.1:{port}: Connection refused\n")


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "/ready", "nonsense", "http://user:word@127.0.0.1:1"])
def test_what_is_no_address_of_a_server_is_refused(url):
    assert ask("--url", url) == (2, "", "heddle: --url: expected the server's own address, as in http://127.0.0.1:2024\n")
