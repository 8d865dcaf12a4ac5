# SPDX-License-Identifier: Apache-2.0
"""A website in a real browser, against a server without keys: only a page of an allowed origin may run graphs or read."""
import pytest

from browser import Website
from server import native_config

# All ways that a page has: `given.server`, `given.thread`.
SCRIPT = '''
  const runs = `${given.server}/threads/${given.thread}/runs`;
  const run = (text) => JSON.stringify({assistant_id: 'native_echo', input: {text}});
  const found = {};
  found.json = await attempt(async () => {
    const answer = await fetch(runs, {method: 'POST', headers: {'content-type': 'application/json'}, body: run('json'), ...given.options});
    return [answer.status, answer.headers.get('content-location')];
  });
  found.plain = await attempt(async () =>
    (await fetch(runs, {method: 'POST', mode: 'no-cors', headers: {'content-type': 'text/plain'}, body: run('plain')})).type);
  found.form = await attempt(() => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.name = 'answer';
    document.body.append(frame);
    const form = document.createElement('form');
    Object.assign(form, {method: 'post', enctype: 'text/plain', action: runs, target: 'answer'});
    const field = document.createElement('input');
    field.name = '{"assistant_id": "native_echo", "input": {"text": "form';
    field.value = '"}}';
    form.append(field);
    document.body.append(form);
    frame.addEventListener('load', () => { if (form.dataset.sent) done('loaded'); });
    form.dataset.sent = 'yes';
    form.submit();
  }));
  found.read = await attempt(async () => (await fetch(`${given.server}/threads/${given.thread}`, given.options)).json());
  found.delete = await attempt(async () => (await fetch(`${given.server}/threads/${given.other}`, {method: 'DELETE'})).status);
  return found;
'''


def visit(server, website, options=None):
    """What the page found, the texts of the runs that it made, and whether it deleted a thread."""
    thread, other = server.thread(), server.thread()
    found = website.visit(SCRIPT, {"server": server.url, "thread": thread, "other": other, "options": options or {}})
    made = [each["kwargs"]["input"]["text"] for each in server.get(f"/threads/{thread}/runs").json()]
    return found, sorted(made), server.get(f"/threads/{other}").status_code == 404


@pytest.fixture
def foreign():
    with Website("127.0.0.2") as website:
        yield website


@pytest.fixture
def local():
    with Website("127.0.0.1") as website:
        yield website


@pytest.mark.parametrize("http", [{}, {"cors": {"allow_origins": ["https://app.example"]}}], ids=["built in", "configured"])
def test_a_page_of_a_foreign_origin_can_neither_run_nor_read(serve, foreign, http):
    found, made, deleted = visit(serve(native_config(http=http)), foreign)
    assert made == [] and not deleted
    assert found["json"].startswith("TypeError") and found["read"].startswith("TypeError") and found["delete"].startswith("TypeError")
    assert found["plain"] == "opaque" and found["form"] == "loaded"  # they were sent, and refused


def may(found, made, deleted):
    assert made == ["form=", "json", "plain"] and deleted
    assert found["json"][0] == 200 and found["read"]["status"] in ("idle", "busy") and found["delete"] == 204
    return found["json"][1]


def test_a_page_on_the_developers_machine_may(serve, local):
    location = may(*visit(serve(), local))
    assert "/runs/" in location


@pytest.mark.parametrize("cors", [{"allow_origins": ["{origin}"], "expose_headers": ["Content-Location"]},
                                  {"allow_origin_regex": r"http://127\.0\.0\.[0-9]+:[0-9]+"},
                                  {"allow_origins": ["*"], "expose_headers": ["*"]},
                                  {"allow_origins": ["*"], "expose_headers": ["*"], "allow_credentials": True}],
                         ids=["named", "pattern", "any", "any with credentials"])
def test_a_page_of_an_allowed_origin_may(serve, foreign, cors):
    cors = {key: [each.format(origin=foreign.origin) for each in value] if key == "allow_origins" else value for key, value in cors.items()}
    options = {"credentials": "include"} if cors.get("allow_credentials") else None
    location = may(*visit(serve(native_config(http={"cors": cors})), foreign, options))
    assert bool(location) == ("expose_headers" in cors)
