# SPDX-License-Identifier: Apache-2.0
"""/docs in a real browser: it shows every operation, filters them, and asks nobody but its own server."""
import re

from browser import Website
from server import ROOT, native_config

# The page in a frame of the same origin, so that the script can look into it: `given.hash`, `given.filter`.
SCRIPT = '''
  const frame = document.createElement('iframe');
  frame.src = '/docs' + given.hash;
  document.body.append(frame);
  const until = async (act) => {
    for (;;) {
      const found = act();
      if (found) return found;
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  const page = () => frame.contentDocument;
  const shown = (selector) => [...page().querySelectorAll(selector)].filter((each) => each.checkVisibility());
  await until(() => page().querySelector('.op') && !page().getElementById('lead').textContent.startsWith('Loading'));
  const found = {cards: shown('.op').map((each) => each.id), links: shown('nav a').length};
  const target = page().querySelector(given.hash);
  await until(() => target.querySelector('pre'));
  found.open = target.open;
  found.current = shown('nav a[aria-current]').map((each) => each.hash);
  found.curl = target.querySelector('pre').textContent;
  found.fields = [...target.querySelectorAll('.name')].map((each) => each.textContent);
  found.keys = shown('#keys').length;
  const field = page().getElementById('filter');
  field.value = given.filter;
  field.dispatchEvent(new Event('input'));
  found.filtered = shown('.op').map((each) => each.id);
  found.sections = shown('section').length;
  field.value = 'no such thing';
  field.dispatchEvent(new Event('input'));
  found.none = [shown('.op').length, shown('#none').length];
  found.asked = frame.contentWindow.performance.getEntriesByType('resource').map((each) => each.name);
  return found;
'''


def visit(server):
    files = {}
    for path in ("/docs", "/openapi.json", "/info"):
        answer = server.http.get(path)
        files[path] = answer.status_code, answer.headers["content-type"], answer.content
    with Website("127.0.0.1", files) as website:
        return website.origin, website.visit(SCRIPT, {"hash": "#stream_run", "filter": "POST cron search"})


def test_the_page_shows_and_filters_what_the_document_has(native):
    document = native.get("/openapi.json").json()
    origin, found = visit(native)
    operations = [each["operationId"] for path in document["paths"].values() for verb, each in path.items() if verb != "parameters"]
    assert sorted(found["cards"]) == sorted(operations) and found["links"] == len(operations)
    assert found["open"] and found["current"] == ["#stream_run"] and found["keys"] == 0
    assert found["curl"].startswith(f"curl -N -X POST '{origin}/threads/") and '"assistant_id"' in found["curl"]
    assert {"assistant_id", "input", "webhook", "stream_mode"} <= set(found["fields"])
    assert found["filtered"] == ["search_crons"] and found["sections"] == 1 and found["none"] == [0, 1]
    assert {f"{origin}/openapi.json"} <= set(found["asked"]) <= {f"{origin}/openapi.json", f"{origin}/info"}


def test_the_page_is_one_file_that_names_no_other_host(serve):
    page = serve(native_config()).get("/docs").text
    assert page == (ROOT / "src" / "api" / "docs.html").read_text()
    assert re.findall(r"""https?://[^'"` <)]+""", page) == ["http://127.0.0.1:2024"]
    assert not re.search(r"@import|<link[^>]+href=\"(?!data:)|<script[^>]+src|\burl\((?!data:)", page)


def test_the_page_of_a_server_with_keys_says_so(serve):
    _, found = visit(serve(native_config(), env={"HEDDLE_API_KEYS": "a-key-of-some-length"}))
    assert found["keys"] == 1 and "-H 'x-api-key: <key>'" in found["curl"]
