# SPDX-License-Identifier: Apache-2.0
"""Crons: the objects, what they fire, and every method of the SDK's client.crons."""
import datetime
import json
import uuid

import pytest
from langgraph_sdk.errors import NotFoundError
from sdk_story import KINDS, tell, untold
from server import native_config
from waiting import until

EVERY_SECOND = "* * * * * *"
NEVER_SOON = "0 9 1 1 *"


def create(server, path="/runs/crons", status=200, **body):
    answer = server.post(path, {"assistant_id": "native_echo", "schedule": NEVER_SOON, **body})
    assert answer.status_code == status, answer.text
    return answer.json() if status == 200 else answer.json()["detail"]


def patch(server, cron, status=200, **body):
    answer = server.http.patch(f"/runs/crons/{cron['cron_id']}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if status == 200 else answer.json()["detail"]


def get(server, cron):
    return server.get(f"/runs/crons/{cron['cron_id']}").json()


def firings(server, cron, **params):
    return server.get(f"/runs/crons/{cron['cron_id']}/runs", params=params).json()


def parsed(text):
    return datetime.datetime.fromisoformat(text)


def test_an_object_as_the_reference_gives_it(native):
    cron = create(native, input={"text": "x"}, timezone="Europe/Paris", metadata={"n": 1})
    assistant = cron["assistant_id"]
    assert list(cron) == ["cron_id", "assistant_id", "thread_id", "user_id", "end_time", "schedule", "timezone", "payload", "next_run_date",
                          "metadata", "on_run_completed", "enabled", "created_at", "updated_at"]
    assert cron["payload"] == {"assistant_id": assistant, "schedule": NEVER_SOON, "input": {"text": "x"}, "timezone": "Europe/Paris",
                               "metadata": {"n": 1}, "config": {"configurable": {"cron_id": cron["cron_id"]}}}
    assert parsed(cron["next_run_date"]).strftime("%m-%dT%H:%M:%S%z") == "01-01T08:00:00+0000"  # 9 o'clock in Paris
    assert (cron["thread_id"], cron["end_time"], cron["metadata"], cron["on_run_completed"], cron["enabled"]) == (
        None, None, {"n": 1}, "delete", True)
    assert get(native, cron) == cron


def test_a_cron_of_a_thread_goes_with_it(native):
    thread = native.thread()
    cron = create(native, f"/threads/{thread}/runs/crons")
    assert (cron["thread_id"], cron["on_run_completed"]) == (thread, None)
    assert create(native, f"/thread/{thread}/runs/crons")["thread_id"] == thread
    assert native.post("/runs/crons/count", {"thread_id": thread}).json() == 2
    assert native.http.delete(f"/threads/{thread}").status_code == 204
    assert native.get(f"/runs/crons/{cron['cron_id']}").status_code == 404


@pytest.mark.parametrize("wrong, status, says", [
    ({"schedule": "60 * * * *"}, 422, "Invalid cron schedule: '60 * * * *'. Reason: "),
    ({"schedule": "bad"}, 422, "Invalid cron schedule: 'bad'. Reason: "),
    ({"schedule": ""}, 422, "Invalid cron schedule"),
    ({"schedule": 5}, 422, "schedule"),
    ({"schedule": None}, 422, "schedule"),
    ({"schedule": "0 0 31 2 *"}, 400, "failed to find next date"),
    ({"timezone": "Mars/Phobos"}, 422, "timezone"),
    ({"timezone": "../../etc/passwd"}, 422, "timezone"),
    ({"assistant_id": None}, 422, "assistant_id"),
    ({"assistant_id": "nope"}, 404, "nope"),
    ({"assistant_id": str(uuid.uuid4())}, 404, "not found"),
    ({"end_time": "bad"}, 422, "end_time"),
    ({"end_time": "2020-01-01T00:00:00Z"}, 422, "end_time: is in the past"),
    ({"webhook": "http://169.254.169.254/"}, 422, "Webhook"),
    ({"webhook": ""}, 422, "webhook"),
    ({"context": {"a": 1}, "config": {"configurable": {"b": 2}}}, 400, "context"),
    ({"on_run_completed": "burn"}, 422, "on_run_completed"),
    ({"enabled": "yes"}, 422, "enabled"),
])
def test_bad_input_is_refused_and_named(native, wrong, status, says):
    before = native.post("/runs/crons/count", {}).json()
    assert says in create(native, status=status, **wrong)
    assert native.post("/runs/crons/count", {}).json() == before


def test_what_must_be_given(native):
    assert "schedule" in native.post("/runs/crons", {"assistant_id": "native_echo"}).json()["detail"]
    assert "assistant_id" in native.post("/runs/crons", {"schedule": NEVER_SOON}).json()["detail"]
    missing = uuid.uuid4()
    assert str(missing) in create(native, f"/threads/{missing}/runs/crons", status=404)
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/runs")):
        answer = native.http.request(method, f"/runs/crons/{missing}{path}", json={} if method == "PATCH" else None)
        assert answer.status_code == 404, method
        assert native.http.request(method, f"/runs/crons/bad{path}", json={} if method == "PATCH" else None).json()["detail"] == (
            "Invalid cron ID: must be a UUID")


@pytest.mark.parametrize("text, zone, shown", [
    ("2030-07-01T09:00:00+02:00", None, "2030-07-01T07:00:00+00:00"),
    ("2030-07-01T09:00:00", None, "2030-07-01T09:00:00+00:00"),
    ("2030-07-01T09:00:00", "Europe/Berlin", "2030-07-01T07:00:00+00:00"),
    ("2030-12-01T09:00:00.5", "Europe/Berlin", "2030-12-01T08:00:00.500000+00:00"),
])
def test_an_end_time_is_a_time_and_without_an_offset_one_of_the_zone(native, text, zone, shown):
    cron = create(native, end_time=text, **({"timezone": zone} if zone else {}))
    assert parsed(cron["end_time"]) == parsed(shown)


def test_changes(native):
    cron = create(native, schedule="0 9 1 1 *", input={"text": "a"}, end_time="2500-01-01T00:00:00Z")
    changed = patch(native, cron, schedule="30 10 1 1 *", timezone="America/New_York", input={"text": "b"}, metadata={"m": 1})
    assert parsed(changed["next_run_date"]).strftime("%m-%dT%H:%M") == "01-01T15:30"
    assert changed["payload"]["input"] == {"text": "b"} and changed["metadata"] == {"m": 1} and changed["end_time"]
    assert (changed["cron_id"], changed["created_at"]) == (cron["cron_id"], cron["created_at"])
    assert changed["updated_at"] > cron["updated_at"]
    assert patch(native, cron, end_time=None)["end_time"] is None
    off = patch(native, cron, enabled=False)
    assert (off["enabled"], off["next_run_date"], off["payload"]["enabled"]) == (False, None, False)
    assert patch(native, cron, enabled=True)["next_run_date"] == changed["next_run_date"]
    early = f"{parsed(changed['next_run_date']) - datetime.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    assert patch(native, cron, end_time=early)["next_run_date"] is None
    for wrong, status in (({"schedule": "bad"}, 422), ({"schedule": "0 0 30 2 *"}, 400), ({"timezone": "x"}, 422), ({"end_time": "x"}, 422),
                          ({"webhook": "ftp://x/"}, 422)):
        before = get(native, cron)
        patch(native, cron, status=status, **wrong)
        assert get(native, cron) == before


def test_each_firing_is_a_run_with_its_webhook(native, receiver):
    hook = receiver.url("/fired")
    cron = create(native, schedule=EVERY_SECOND, input={"text": "tick"}, webhook=hook, metadata={"from": "cron"})
    receiver.wait("/fired", count=3)
    patch(native, cron, enabled=False)
    fired = firings(native, cron, limit=1000)
    assert len(fired) >= 3 and all(each["error"] is None for each in fired)
    slots = [parsed(each["scheduled_for"]) for each in fired]
    assert slots == sorted(set(slots), reverse=True) and all(slot.microsecond == 0 for slot in slots)
    until(lambda: {each["status"] for each in firings(native, cron, limit=1000)} == {"success"}, "the runs to end")
    receiver.wait("/fired", count=len(fired))
    bodies = [request.json() for request in receiver.at("/fired")]
    assert sorted(body["run_id"] for body in bodies) == sorted(each["run_id"] for each in fired)
    assert {body["kwargs"]["config"]["configurable"]["cron_id"] for body in bodies} == {cron["cron_id"]}
    assert {body["metadata"]["from"] for body in bodies} == {"cron"}
    late = [(parsed(each["fired_at"]) - parsed(each["scheduled_for"])).total_seconds() for each in fired]
    assert min(late) >= 0 and sorted(late)[len(late) // 2] < 0.25, late
    # Its threads were for one run each and are gone.
    assert len({body["thread_id"] for body in bodies}) == len(bodies)
    assert native.get(f"/threads/{bodies[0]['thread_id']}").status_code == 404
    assert firings(native, cron, limit=1, offset=1) == [fired[1] | {"status": "success"}]


def test_threads_are_kept_where_that_was_asked_for(native):
    cron = create(native, schedule=EVERY_SECOND, input={"text": "kept"}, on_run_completed="keep")
    until(lambda: any(each["status"] == "success" for each in firings(native, cron)), "a run to end")
    patch(native, cron, enabled=False)
    thread = next(each["thread_id"] for each in firings(native, cron) if each["status"] == "success")
    assert native.get(f"/threads/{thread}").json()["values"]["text"] == "kept"


def test_an_end_and_a_disabled_cron_and_a_deleted_one_fire_no_more(native):
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    ending = create(native, schedule=EVERY_SECOND, input={"text": "x"}, end_time=soon.isoformat())
    off = create(native, schedule=EVERY_SECOND, enabled=False)
    assert off["next_run_date"] is None
    gone = create(native, schedule=EVERY_SECOND)
    assert native.http.delete(f"/runs/crons/{gone['cron_id']}").status_code == 204
    other = create(native, schedule=EVERY_SECOND, input={"text": "x"})
    until(lambda: len(firings(native, other)) >= 4, "time to pass")
    native.http.delete(f"/runs/crons/{other['cron_id']}")
    assert get(native, ending)["next_run_date"] is None
    fired = firings(native, ending)
    assert 1 <= len(fired) <= 3 and all(parsed(each["scheduled_for"]) <= soon for each in fired)
    assert firings(native, off) == []


def test_a_thread_cron_follows_the_multitask_rule(native):
    thread = native.thread()
    native.create_run("native_sleep", {"seconds": 30}, thread=thread)
    cron = create(native, f"/threads/{thread}/runs/crons", schedule=EVERY_SECOND, assistant_id="native_sleep", input={"seconds": 0},
                  multitask_strategy="reject")
    until(lambda: firings(native, cron), "a firing")
    first = firings(native, cron)[-1]
    assert first["run_id"] is None and "already running" in first["error"]
    patch(native, cron, multitask_strategy="interrupt")
    until(lambda: any(each["status"] == "success" for each in firings(native, cron)), "a run")


def test_without_its_assistant_a_cron_is_disabled_and_says_why(native):
    assistant = native.post("/assistants", {"graph_id": "native_echo"}).json()["assistant_id"]
    cron = create(native, assistant_id=assistant)
    assert cron["assistant_id"] == assistant
    assert native.http.delete(f"/assistants/{assistant}").status_code == 204
    off = get(native, cron)
    assert (off["enabled"], off["next_run_date"], off["disabled_reason"]) == (False, None, "its assistant was deleted")
    assert patch(native, cron, metadata={"x": 1})["enabled"] is False
    assert assistant in patch(native, cron, status=404, enabled=True)


def test_what_a_python_graph_gets(wire):
    cron = create(wire, schedule=EVERY_SECOND, assistant_id="custom", input={"n": 0}, context={"user_name": "Ada"}, on_run_completed="keep")
    until(lambda: any(each["status"] == "success" for each in firings(wire, cron)), "a run")
    patch(wire, cron, enabled=False)
    thread = next(each["thread_id"] for each in firings(wire, cron) if each["status"] == "success")
    assert wire.get(f"/threads/{thread}").json()["values"]["info"]["context"]["user_name"] == "Ada"


def test_its_runs_have_all_that_was_asked_for(native):
    thread = native.thread()
    cron = create(native, f"/threads/{thread}/runs/crons", schedule=EVERY_SECOND, input={"text": "x"}, stream_mode=["updates", "values"],
                  stream_subgraphs=True, stream_resumable=True, durability="exit", interrupt_before=["a"], interrupt_after="*",
                  multitask_strategy="rollback", config={"tags": ["t"], "recursion_limit": 7, "configurable": {"c": 1}}, metadata={"m": 1})
    until(lambda: firings(native, cron), "a firing")
    patch(native, cron, enabled=False)
    run = native.get(f"/threads/{thread}/runs/{firings(native, cron)[-1]['run_id']}").json()
    kwargs = run["kwargs"]
    assert (kwargs["stream_mode"], kwargs["subgraphs"], kwargs["resumable"], kwargs["durability"], kwargs["interrupt_before"],
            kwargs["interrupt_after"]) == (["updates", "values"], True, True, "exit", ["a"], "*")
    assert run["multitask_strategy"] == "rollback" and run["metadata"]["m"] == 1
    config = kwargs["config"]
    assert (config["tags"], config["recursion_limit"], config["configurable"]["c"], config["configurable"]["cron_id"]) == (
        ["t"], 7, 1, cron["cron_id"])


def test_a_webhook_is_looked_at_again_when_a_cron_fires(serve, receiver):
    server = serve(native_config())
    cron = create(server, schedule=EVERY_SECOND, input={"text": "x"}, webhook=receiver.url("/looked"))
    receiver.wait("/looked")
    server.stop()
    server.config.write_text(json.dumps(native_config(webhooks={"url": {"require_https": True}})))
    server.start()
    until(lambda: any(each["error"] for each in firings(server, cron)), "a refused firing")
    refused = next(each for each in firings(server, cron) if each["error"])
    assert (refused["run_id"], refused["error"]) == (None, "Webhook must use https (webhooks.url.require_https)")
    assert "must use https" in patch(server, cron, status=422, metadata={"x": 1})
    assert patch(server, cron, enabled=False)["enabled"] is False
    assert "must use https" in patch(server, cron, status=422, webhook="http://example.com/")
    assert patch(server, cron, enabled=True, webhook="https://example.com/")["enabled"] is True


def test_search(native):
    mark = str(uuid.uuid4())
    a = create(native, metadata={"mark": mark, "tags": ["x"]}, schedule="0 9 1 1 *")
    b = create(native, metadata={"mark": mark}, schedule="0 8 1 1 *", enabled=False)
    c = create(native, metadata={"mark": mark}, schedule="0 7 1 1 *")

    def found(**body):
        answer = native.post("/runs/crons/search", {"metadata": {"mark": mark}, **body})
        assert answer.status_code == 200, answer.text
        return [each["cron_id"] for each in answer.json()], answer.headers

    assert found()[0] == [cron["cron_id"] for cron in (c, b, a)]
    assert found(enabled=True, sort_by="next_run_date", sort_order="asc")[0] == [cron["cron_id"] for cron in (c, a)]
    assert found(metadata={"mark": mark, "tags": ["x"]})[0] == [a["cron_id"]]
    ids, headers = found(limit=1, offset=1)
    assert (ids, headers["x-pagination-total"], headers["x-pagination-next"]) == ([b["cron_id"]], "3", "2")
    selected = native.post("/runs/crons/search", {"metadata": {"mark": mark}, "limit": 1, "select": ["cron_id", "schedule"]}).json()
    assert selected == [{"cron_id": c["cron_id"], "schedule": "0 7 1 1 *"}]
    assert native.post("/runs/crons/count", {"metadata": {"mark": mark}}).json() == 3
    assert native.post("/runs/crons/count", {"metadata": {"mark": mark}, "assistant_id": a["assistant_id"]}).json() == 3
    assert native.post("/runs/crons/search", {"sort_by": "nonsense"}).status_code == 422


def test_crons_outlive_a_restart_and_catch_up_once(serve):
    server = serve(native_config())
    cron = create(server, schedule=EVERY_SECOND, input={"text": "x"})
    rare = create(server, schedule=NEVER_SOON)
    until(lambda: len(firings(server, cron)) >= 2, "two firings")
    server.stop()
    server.start()
    until(lambda: firings(server, cron)[0]["scheduled_for"] > firings(server, cron)[1]["scheduled_for"], "it to go on")
    began = len(firings(server, cron, limit=1000))
    until(lambda: len(firings(server, cron, limit=1000)) >= began + 2, "it to go on")
    slots = [each["scheduled_for"] for each in firings(server, cron, limit=1000)]
    assert len(slots) == len(set(slots))
    assert get(server, rare) == rare
    text = server.get("/metrics").text
    assert "heddle_cron_firings_total" in text and "heddle_cron_lateness_seconds_bucket" in text and "heddle_cron_missed_total" in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_sdk(wire, kind):
    async def told(crons, threads):
        end = datetime.datetime(2500, 1, 1, tzinfo=datetime.UTC)
        mark = {"mark": str(uuid.uuid4())}
        made = await crons.create("echo", schedule=NEVER_SOON, input={"text": "x"}, metadata=mark, config={"tags": ["t"]}, timezone="Asia/Tokyo",
                                  end_time=end, interrupt_before=["a"], on_run_completed="keep", stream_mode=["values"], durability="sync",
                                  enabled=True, multitask_strategy="enqueue")
        assert made["schedule"] == NEVER_SOON and parsed(made["end_time"]) == end
        thread = (await threads.create())["thread_id"]
        of_thread = await crons.create_for_thread(thread, "echo", schedule="@daily", metadata=mark, context={"a": 1})
        assert of_thread["thread_id"] == thread
        found = await crons.search(metadata=mark, sort_by="created_at", sort_order="asc", limit=5)
        assert [each["cron_id"] for each in found] == [made["cron_id"], of_thread["cron_id"]]
        assert await crons.search(thread_id=thread, select=["cron_id"]) == [{"cron_id": of_thread["cron_id"]}]
        assert await crons.count(metadata=mark) == 2
        changed = await crons.update(made["cron_id"], schedule="@weekly", end_time=None, enabled=False)
        assert (changed["schedule"], changed["end_time"], changed["enabled"]) == ("@weekly", None, False)
        await crons.delete(made["cron_id"])
        with pytest.raises(NotFoundError):
            await crons.delete(made["cron_id"])

    tell(kind, wire.url, told, "crons", "threads")


def test_no_method_is_left_out():
    assert untold("crons", __file__) == set()
