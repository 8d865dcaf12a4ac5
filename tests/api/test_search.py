# SPDX-License-Identifier: Apache-2.0
"""Searching, counting and listing: filters, order, pages, totals."""
import uuid

import pytest


@pytest.fixture(scope="module")
def five(native):
    """Five threads that only this module sees: a label, and their ids in order of creation."""
    label = str(uuid.uuid4())
    ids = [native.thread(metadata={"label": label, "n": n, "deep": {"n": n, "even": n % 2 == 0}}) for n in range(5)]
    native.wait_run("native_echo", {"text": "two"}, ids[2])
    native.wait_run("native_fail", {}, ids[3])
    return label, ids


def search(native, label, **more):
    answer = native.post("/threads/search", {"metadata": {"label": label}, **more})
    assert answer.status_code == 200, answer.text
    return answer


def test_pages_have_a_true_total(native, five):
    label, ids = five
    first = search(native, label, limit=2, sort_by="created_at", sort_order="asc")
    assert [each["thread_id"] for each in first.json()] == ids[:2]
    assert first.headers["x-pagination-total"] == "5" and first.headers["x-pagination-next"] == "2"
    last = search(native, label, limit=2, offset=4, sort_by="created_at", sort_order="asc")
    assert [each["thread_id"] for each in last.json()] == ids[4:]
    assert last.headers["x-pagination-total"] == "5" and "x-pagination-next" not in last.headers
    beyond = search(native, label, offset=10)
    assert beyond.json() == [] and beyond.headers["x-pagination-total"] == "5"
    assert native.post("/threads/count", {"metadata": {"label": label}}).json() == 5


def test_filters_combine(native, five):
    label, ids = five

    def found(**more):
        return [each["thread_id"] for each in search(native, label, **more).json()]

    assert set(found()) == set(ids)
    assert found(status="error") == [ids[3]]
    assert found(values={"out": "two"}) == [ids[2]]
    assert found(values={"out": "other"}) == []
    assert found(ids=[ids[0], str(uuid.uuid4())]) == [ids[0]]
    deep = native.post("/threads/search", {"metadata": {"label": label, "deep": {"even": True}}}).json()
    assert {each["thread_id"] for each in deep} == {ids[0], ids[2], ids[4]}
    assert native.post("/threads/count", {"metadata": {"label": label}, "status": "idle"}).json() == 4


def test_order(native, five):
    label, ids = five
    for field in ("thread_id", "created_at"):
        for order, wanted in (("asc", ids), ("desc", ids[::-1])):
            assert [each["thread_id"] for each in search(native, label, sort_by=field, sort_order=order).json()] == wanted
    latest = search(native, label, sort_by="updated_at", sort_order="desc").json()
    assert latest[0]["thread_id"] == ids[3]


def test_select_and_extract(native, five):
    label, ids = five
    rows = search(native, label, select=["thread_id", "status"], ids=[ids[2]]).json()
    assert rows == [{"thread_id": ids[2], "status": "idle"}]
    rows = search(native, label, select=["thread_id"], extract={"x": "values.out"}, ids=[ids[2]]).json()
    assert rows == [{"thread_id": ids[2], "extracted": {"x": "two"}}]


def test_assistants_are_searched_and_counted(native):
    def names(**body):
        return [each["graph_id"] for each in native.post("/assistants/search", body).json()]

    assert set(names(limit=100)) == {"native_echo", "native_sleep", "native_fail", "native_burst"}
    assert names(graph_id="native_echo") == ["native_echo"] and names(graph_id="nope") == []
    assert names(name="ECHO") == ["native_echo"]
    assert names(metadata={"created_by": "system"}, sort_by="name", sort_order="asc") == ["native_burst", "native_echo", "native_fail", "native_sleep"]
    assert names(metadata={"created_by": "me"}) == []
    page = native.post("/assistants/search", {"limit": 2, "sort_by": "name", "sort_order": "asc"})
    assert page.headers["x-pagination-total"] == "4" and page.headers["x-pagination-next"] == "2"
    assert native.post("/assistants/count").json() == 4 and native.post("/assistants/count", {"graph_id": "nope"}).json() == 0
    selected = native.post("/assistants/search", {"select": ["graph_id"], "graph_id": "native_echo"}).json()
    assert selected == [{"graph_id": "native_echo"}]


def test_the_missions_example_finds_the_assistant_without_config(native):
    found = native.post("/assistants/search", {"limit": 10, "offset": 0}).json()
    assert [each for each in found if not each["config"]]


def test_runs_are_listed_newest_first(native):
    thread = native.thread()
    runs = [native.create_run("native_echo", {"text": str(n)}, thread)["run_id"] for n in range(3)]
    native.get(f"/threads/{thread}/runs/{runs[-1]}/join")

    def listed(query=""):
        return [each["run_id"] for each in native.get(f"/threads/{thread}/runs{query}").json()]

    assert listed() == runs[::-1]
    assert listed("?limit=1") == runs[2:] and listed("?limit=1&offset=1") == runs[1:2]
    assert listed("?status=success") == runs[::-1] and listed("?status=error") == []
    assert native.get(f"/threads/{thread}/runs?select=status&select=run_id&limit=1").json() == [
        {"run_id": runs[2], "status": "success"}]
