# SPDX-License-Identifier: Apache-2.0
"""Assistants that users make: create, patch, delete, and what their runs get from them."""
import json
import uuid

import pytest
from langgraph_sdk import get_sync_client
from langgraph_sdk.errors import ConflictError, NotFoundError

from server import Server, native_config, project, run_binary, wire_config
from waiting import until


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """A server of its own: others count assistants."""
    with Server(tmp_path_factory.mktemp("assistants"), native_config()) as server:
        yield server


def create(server, **body):
    answer = server.post("/assistants", {"graph_id": "native_echo", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def patch(server, assistant, **body):
    return server.http.patch(f"/assistants/{assistant['assistant_id']}", json=body)


def test_a_minimal_assistant(native):
    made = create(native)
    assert list(made) == ["assistant_id", "graph_id", "config", "context", "metadata", "name", "created_at", "updated_at", "version",
                          "description"]
    assert uuid.UUID(made["assistant_id"]).version == 4
    assert (made["config"], made["context"], made["metadata"], made["name"]) == ({}, {}, {}, "Untitled")
    assert made["version"] == 1 and made["description"] is None
    assert native.get(f"/assistants/{made['assistant_id']}").json() == made


def test_context_and_configurable_are_one(native):
    config = {"configurable": {"user": "bob"}, "tags": ["t"], "recursion_limit": 7}
    made = create(native, config=config, metadata={"team": "x"}, name="B", description="d")
    assert made["config"] == config and made["context"] == {"user": "bob"}
    assert (made["name"], made["description"], made["metadata"]) == ("B", "d", {"team": "x"})
    made = create(native, context={"user": "carol"})
    assert made["config"] == {"configurable": {"user": "carol"}} and made["context"] == {"user": "carol"}
    made = create(native, context={"user": "carol"}, config={"tags": ["t"]})
    assert made["config"] == {"tags": ["t"], "configurable": {"user": "carol"}}
    both = native.post("/assistants", {"graph_id": "native_echo", "context": {"a": 1}, "config": {"configurable": {"a": 2}}})
    assert both.status_code == 400 and both.json()["detail"].startswith("Cannot specify both configurable and context.")


def test_a_patch_is_a_new_version(native):
    made = create(native, config={"configurable": {"user": "bob"}, "tags": ["t"]}, metadata={"team": "x"}, name="B", description="d")
    second = patch(native, made, metadata={"v": 2}, name="B2").json()
    assert second["version"] == 2 and second["metadata"] == {"team": "x", "v": 2} and second["name"] == "B2"
    assert second["config"] == made["config"] and second["description"] == "d"
    assert second["created_at"] == made["created_at"] and second["updated_at"] > made["updated_at"]
    third = patch(native, made, context={"lang": "fr"}).json()
    assert third["version"] == 3 and third["context"] == {"lang": "fr"} and third["config"] == {"configurable": {"lang": "fr"}}
    fourth = patch(native, made, config={"recursion_limit": 3}, description=None, graph_id="native_sleep").json()
    assert fourth["config"] == {"recursion_limit": 3} and fourth["context"] == {}
    assert fourth["description"] is None and fourth["graph_id"] == "native_sleep"
    assert native.get(f"/assistants/{made['assistant_id']}").json() == fourth
    assert patch(native, made, graph_id="nope").status_code == 404
    assert patch(native, {"assistant_id": str(uuid.uuid4())}, name="x").status_code == 404
    assert patch(native, made, context={"a": 1}, config={"configurable": {"b": 1}}).status_code == 400
    assert native.get(f"/assistants/{made['assistant_id']}").json() == fourth


def test_an_id_is_taken_once(native):
    made = create(native, assistant_id=str(uuid.uuid4()), name="first")
    again = native.post("/assistants", {"graph_id": "native_echo", "assistant_id": made["assistant_id"]})
    assert again.status_code == 409 and again.json()["detail"] == f"Assistant {made['assistant_id']} already exists"
    assert create(native, assistant_id=made["assistant_id"], if_exists="do_nothing", name="second") == made


def test_an_unknown_graph_is_named(native):
    answer = native.post("/assistants", {"graph_id": "nope"})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("Graph 'nope' not found. Expected one of: [") and "'native_echo'" in answer.json()["detail"]


@pytest.mark.parametrize("wrong", [{"graph_id": 1}, {"config": []}, {"config": {"configurable": 1}}, {"context": "x"}, {"metadata": 1},
                                   {"name": 5}, {"assistant_id": "x"}, {"if_exists": "maybe"}, {"description": 1}])
def test_bad_fields_are_named(native, wrong):
    answer = native.post("/assistants", {"graph_id": "native_echo", **wrong})
    assert answer.status_code == 422 and next(iter(wrong)) in answer.json()["detail"]


def test_deleting(native):
    made = create(native)
    path = f"/assistants/{made['assistant_id']}"
    assert native.http.delete(path).status_code == 204
    again = native.http.delete(path)
    assert again.status_code == 404 and again.json()["detail"] == f"Assistant with ID {made['assistant_id']} not found"
    assert native.get(path).status_code == 404
    assert native.post("/runs", {"assistant_id": made["assistant_id"], "input": {}}).status_code == 404


def test_the_assistant_of_a_graph_stays(native):
    system = native.post("/assistants/search", {"graph_id": "native_echo", "metadata": {"created_by": "system"}}).json()[0]
    answer = native.http.delete(f"/assistants/{system['assistant_id']}")
    assert answer.status_code == 409 and "cannot be deleted" in answer.json()["detail"]
    moved = patch(native, system, graph_id="native_sleep")
    assert moved.status_code == 409 and moved.json()["detail"].startswith("graph_id:")
    assert native.get(f"/assistants/{system['assistant_id']}").json() == system
    assert native.wait_run("native_echo", {"text": "x"})["out"] == "x"


def test_runs_outlive_their_assistant(native):
    made = create(native, graph_id="native_sleep")
    thread = native.thread()
    running = native.create_run(made["assistant_id"], {"seconds": 0.5}, thread)
    waiting = native.create_run(made["assistant_id"], {"seconds": 0}, thread)
    assert native.http.delete(f"/assistants/{made['assistant_id']}").status_code == 204
    for run in (running, waiting):
        assert native.until_status(run, "success", "error")["status"] == "success"
    assert native.get(f"/threads/{thread}").json()["status"] == "idle"


def test_threads_go_with_their_assistant(native, receiver):
    made, other = create(native, graph_id="native_sleep"), create(native, graph_id="native_sleep")
    mine = [native.thread() for _ in range(12)]
    theirs = native.thread()
    for thread in mine[1:]:
        native.wait_run(made["assistant_id"], {"seconds": 0}, thread)
    native.wait_run(other["assistant_id"], {"seconds": 0}, theirs)
    native.create_run(made["assistant_id"], {"seconds": 60}, mine[0], webhook=receiver.url("/gone"))
    assert native.http.delete(f"/assistants/{made['assistant_id']}?delete_threads=true").status_code == 204
    assert {native.get(f"/threads/{thread}").status_code for thread in mine} == {404}
    assert native.get(f"/threads/{theirs}").status_code == 200
    assert receiver.one("/gone").json()["error"]["error"] == "ThreadDeleted"


@pytest.mark.parametrize("flag, gone", [("true", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)])
def test_threads_go_only_where_it_was_asked_for(native, flag, gone):
    assistant = native.post("/assistants", {"graph_id": "native_echo"}).json()["assistant_id"]
    thread = native.thread()
    native.wait_run(assistant, {"text": "x"}, thread)
    assert native.http.delete(f"/assistants/{assistant}?delete_threads={flag}").status_code == 204
    assert native.get(f"/threads/{thread}").status_code == (404 if gone else 200)


@pytest.mark.parametrize("flag", ["truth", "t", "2", ""])
def test_a_flag_that_is_none_is_422(native, flag):
    assistant = native.post("/assistants", {"graph_id": "native_echo"}).json()["assistant_id"]
    refused = native.http.delete(f"/assistants/{assistant}?delete_threads={flag}")
    assert refused.status_code == 422 and "delete_threads" in refused.json()["detail"]


def test_the_sdk(native):
    client = get_sync_client(url=native.url, api_key=None)
    made = client.assistants.create("native_echo", context={"tone": "formal"}, metadata={"sdk": 1}, name="Formal", description="d")
    assert made["config"] == {"configurable": {"tone": "formal"}}
    with pytest.raises(ConflictError):
        client.assistants.create("native_echo", assistant_id=made["assistant_id"], if_exists="raise")
    changed = client.assistants.update(made["assistant_id"], metadata={"more": 1}, name="Formal 2")
    assert changed["version"] == 2 and changed["metadata"] == {"sdk": 1, "more": 1}
    assert [each["name"] for each in client.assistants.search(metadata={"sdk": 1})] == ["Formal 2"]
    thread = client.threads.create()["thread_id"]
    assert client.runs.wait(thread, made["assistant_id"], input={"text": "x"})["out"] == "x"
    client.assistants.delete(made["assistant_id"], delete_threads=True)
    for call in (lambda: client.assistants.get(made["assistant_id"]), lambda: client.threads.get(thread)):
        with pytest.raises(NotFoundError):
            call()


def test_what_a_run_gets_from_its_assistant(wire):
    made = create(wire, graph_id="custom", config={"configurable": {"user_name": "ada", "lang": "en"}, "tags": ["a"], "recursion_limit": 7},
                  metadata={"team": "x", "m": "assistant"})
    thread = wire.thread(metadata={"m": "thread", "t": 1})

    def ran(**body):
        info = wire.wait_run(made["assistant_id"], {"n": 0}, thread, **body)["info"]
        return info, wire.get(f"/threads/{thread}/runs?limit=1").json()[0]

    info, run = ran()
    assert run["assistant_id"] == made["assistant_id"]
    assert info["context"]["user_name"] == "ada" and info["tags"] == ["a"] and info["recursion_limit"] == 7
    assert {key: run["metadata"][key] for key in ("team", "m", "t", "graph_id", "assistant_id")} == {
        "team": "x", "m": "thread", "t": 1, "graph_id": "custom", "assistant_id": made["assistant_id"]}
    assert "created_by" not in run["metadata"]
    # The run's own: key by key in the context, as a whole for tags and the like.
    info, run = ran(context={"user_name": "bob"}, metadata={"m": "run"}, config={"tags": ["b"], "recursion_limit": 9})
    assert info["context"]["user_name"] == "bob" and info["tags"] == ["b"] and info["recursion_limit"] == 9
    assert run["kwargs"]["context"] == {"user_name": "bob", "lang": "en"} and run["metadata"]["m"] == "run"
    configurable = run["kwargs"]["config"]["configurable"]
    assert configurable["user_name"] == "bob" and configurable["lang"] == "en"
    info, run = ran(config={"configurable": {"lang": "de"}})
    assert run["kwargs"]["context"] == {"user_name": "ada", "lang": "de"} and info["tags"] == ["a"]
    # The assistant is not touched by its runs.
    assert wire.get(f"/assistants/{made['assistant_id']}").json() == made
    assert wire.http.delete(f"/assistants/{made['assistant_id']}").status_code == 204


def test_a_patch_is_for_later_runs(native):
    made = create(native, graph_id="native_sleep", context={"v": 1})
    thread = native.thread()
    first = native.create_run(made["assistant_id"], {"seconds": 0.3}, thread)
    second = native.create_run(made["assistant_id"], {"seconds": 0}, thread)
    patch(native, made, context={"v": 2})
    third = native.create_run(made["assistant_id"], {"seconds": 0}, thread)
    until(lambda: native.run(third)["status"] == "success", "the runs to end")
    assert [native.run(run)["kwargs"]["context"]["v"] for run in (first, second, third)] == [1, 1, 2]


def versions(server, assistant, **body):
    answer = server.post(f"/assistants/{assistant['assistant_id']}/versions", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_patch_is_a_version_and_an_old_one_holds_again_as_a_whole(native):
    made = create(native, name="One", context={"user": "bob"}, metadata={"team": "x"}, config={"tags": ["t"]})
    second = patch(native, made, metadata={"v": 2}, name="Two").json()
    third = patch(native, made, context={"lang": "fr"}, description="d").json()
    assert [second["version"], third["version"]] == [2, 3]
    listed = versions(native, made)
    assert list(listed[0]) == ["assistant_id", "version", "graph_id", "config", "context", "metadata", "created_at", "name", "description"]
    assert [(each["version"], each["name"], each["context"]) for each in listed] == [
        (3, "Two", {"lang": "fr"}), (2, "Two", {"user": "bob"}), (1, "One", {"user": "bob"})]
    assert [each["created_at"] for each in listed] == [third["updated_at"], second["updated_at"], made["created_at"]]
    assert [each["version"] for each in versions(native, made, metadata={"v": 2}, limit=1, offset=1)] == [2]
    path = f"/assistants/{made['assistant_id']}/latest"
    first = native.post(path, {"version": 1}).json()
    assert {**first, "updated_at": made["updated_at"]} == made and first["updated_at"] > third["updated_at"]
    assert native.get(f"/assistants/{made['assistant_id']}").json() == first
    run = native.create_run(made["assistant_id"], {"text": "x"})
    assert run["kwargs"]["context"] == {"user": "bob"} and run["kwargs"]["config"]["tags"] == ["t"]
    # The next one is new, whatever holds now.
    assert patch(native, made, name="Four").json()["version"] == 4
    assert [each["version"] for each in versions(native, made)] == [4, 3, 2, 1]
    missing = native.post(path, {"version": 99})
    assert missing.status_code == 404 and missing.json()["detail"] == f"Version 99 not found for assistant {made['assistant_id']}"
    for bad in ({}, {"version": 0}, {"version": "1"}, {"version": None}):
        assert native.post(path, bad).status_code == 422, bad
    native.http.delete(f"/assistants/{made['assistant_id']}")
    assert native.post(path, {"version": 1}).status_code == 404
    assert native.post(f"/assistants/{made['assistant_id']}/versions").status_code == 404


def test_versions_by_the_sdk(native):
    assistants = get_sync_client(url=native.url, api_key=None).assistants
    made = assistants.create("native_echo", context={"a": 1})
    assistants.update(made["assistant_id"], context={"a": 2}, metadata={"m": 1})
    assert [each["version"] for each in assistants.get_versions(made["assistant_id"], metadata={"m": 1})] == [2]
    assert assistants.set_latest(made["assistant_id"], 1)["context"] == {"a": 1}


def system_assistant(server, graph="native_echo"):
    return server.post("/assistants/search", {"graph_id": graph, "metadata": {"created_by": "system"}}).json()[0]


def configured(**graphs):
    return {"LANGGRAPH_CONFIG": json.dumps(graphs)}


def test_the_environment_configures_system_assistants(serve):
    first = {"configurable": {"model": "small"}, "tags": ["t"], "recursion_limit": 7}
    server = serve(wire_config(), env=configured(custom={"context": {"user_name": "Ada"}}, native_echo=first))
    made = system_assistant(server)
    assert made["config"] == first and made["context"] == {"model": "small"} and made["version"] == 1
    assert made["metadata"] == {"created_by": "system"}
    assert system_assistant(server, "native_sleep")["config"] == {}
    info = server.wait_run("custom", {"n": 0})["info"]
    assert info["context"] == {"user_name": "Ada"} and info["configurable"]["user_name"] == "Ada"
    run = server.create_run("native_echo", {"text": "x"})
    assert run["kwargs"]["config"]["recursion_limit"] == 7 and run["kwargs"]["config"]["configurable"]["model"] == "small"
    # Said in another way: the same. A client's change stays.
    spelled = configured(native_echo={"config": {"recursion_limit": 7, "tags": ["t"], "configurable": {"model": "small"}}})
    patched = patch(server, made, name="mine", config={"tags": ["client"]}).json()
    for env in (spelled, spelled):
        server.stop()
        server.env = env
        server.start()
        assert system_assistant(server) == patched and patched["version"] == 2
    # A change is a new version, once; the other ones are still there.
    for env in (configured(native_echo={"context": {"a": 1}}),) * 2:
        server.stop()
        server.env = env
        server.start()
        now = system_assistant(server)
        assert now["version"] == 3 and now["name"] == "mine" and now["context"] == {"a": 1}
        assert now["config"] == {"configurable": {"a": 1}} and now["updated_at"] > patched["updated_at"]
    assert [each["version"] for each in versions(server, made)] == [3, 2, 1]
    server.kill()
    server.env = {}
    server.start()
    assert system_assistant(server)["version"] == 4 and system_assistant(server)["config"] == {}
    assert server.http.delete(f"/assistants/{made['assistant_id']}").status_code == 409
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"


@pytest.mark.parametrize("text,said", [
    ('{"native_eho": {}}', 'LANGGRAPH_CONFIG.native_eho: there is no such graph; did you mean "native_echo"?'),
    ('{"native_echo": []}', "LANGGRAPH_CONFIG.native_echo: expected an object"),
    ("[]", "LANGGRAPH_CONFIG: expected an object"), ("{bad", "LANGGRAPH_CONFIG: Invalid JSON"),
    ('{"native_echo": {"configurable": 5}}', "LANGGRAPH_CONFIG.native_echo.configurable: expected an object"),
    ('{"native_echo": {"context": 5}}', "LANGGRAPH_CONFIG.native_echo.context: expected an object"),
    ('{"native_echo": {"tags": "hidden"}}', "LANGGRAPH_CONFIG.native_echo.tags: expected a list"),
    ('{"native_echo": {"recursion_limit": 0}}', "LANGGRAPH_CONFIG.native_echo.recursion_limit: "),
    ('{"native_echo": {"config": {}, "tags": ["hidden"]}}', "LANGGRAPH_CONFIG.native_echo.tags: belongs into"),
    ('{"native_echo": {"context": {"a": "hidden"}, "configurable": {"b": 1}}}', "has both configurable and context"),
])
def test_a_wrong_configuration_of_assistants_is_named(tmp_path, text, said):
    path = project(tmp_path, native_config())
    done = run_binary("check-config", "--config", path, env={"LANGGRAPH_CONFIG": text})
    assert done.returncode == 1 and said in done.stderr and "hidden" not in done.stderr


def test_a_configuration_of_assistants_is_masked(tmp_path):
    path = project(tmp_path, native_config())
    done = run_binary("check-config", "--config", path, env=configured(native_echo={"configurable": {"key": "hidden"}}))
    assert done.returncode == 0 and json.loads(done.stdout)["graphs"]["native_echo"]["assistant"] == "********"
    assert "hidden" not in done.stdout + done.stderr


def test_versions_outlive_a_restart_and_system_assistants_have_one(serve):
    server = serve(native_config())
    made = create(server, context={"a": 1})
    patch(server, made, context={"a": 2})
    system = server.post("/assistants/search", {"graph_id": "native_echo", "metadata": {"created_by": "system"}}).json()[0]
    for _ in range(2):
        assert [each["version"] for each in versions(server, made)] == [2, 1]
        assert [each["version"] for each in versions(server, system)] == [1]
        server.stop()
        server.start()
