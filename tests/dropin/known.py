# SPDX-License-Identifier: Apache-2.0
"""Where Heddle differs from LangGraph's own server on purpose, and why. Whatever is not listed here has to be equal."""

_INTERNAL = r"(langgraph_(auth_\w+|request_id|version|api_version|plan|host|api_url)|user_id|run_attempt|__(?!interrupt__|error__)\w+__|__pregel_\w+)"

# Each is (pattern of the step, pattern of the path within what it gave, why); both patterns match the whole text.
_INSIDE = [
    (r".*", rf".*\.{_INTERNAL}(\..*)?|{_INTERNAL}",
     "what the server tells itself (who called, its version and licence, when) is not stored with runs or sent to anybody"),
]
EXAMPLE = [
    *_INSIDE,
    (r".*", r"(.*\.)?langsmith_session_name", "runs are not tied to LangSmith's sessions"),
    (r"streams: messages.*|stateless: stream", r".*\.lc_versions\..*", "versions of the libraries in each server's own environment"),
    (r"assistants: (go back|search by .*)", r"(\[\d\]\.)?context\..*", "going back to a version brings its context back too, not its config alone"),
    (r"store: an empty namespace", r"error|status", "bad input is a 422 everywhere"),
    (r"crons: update", r"next_run_date", "a cron that is not enabled has no next date"),
    (r"webhooks: .*", r"body\.error", "null on success instead of missing"),
    (r"webhooks: question", r"body\.values\.__interrupt__", "the receiver learns that the run waits for input"),
    (r"webhooks: stateless", r"body\.values", "left out instead of null"),
]
PACKAGE = [
    *_INSIDE,
]
