# SPDX-License-Identifier: Apache-2.0
"""What was observed of a server, in a form that two servers can be compared in: ids and times have names, nothing else is changed."""
import json
import re

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")
HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
RECEIVER = re.compile(r"http://127\.0\.0\.1:\d+")
ERRORS = (Exception,)


class Scene:
    """The steps of one scene, in order: `{"step": name, "saw": value}`. Scenes are told at the same time, each with its own ids."""

    def __init__(self, name):
        self.name, self.steps, self._names = name, [], {}

    def call(self, kind, value):
        """Names an id: everywhere it is shown as `<kind>`. Returns the id."""
        self._names[value] = f"<{kind}>"
        return value

    def see(self, step, value):
        """Records what a step gave, and returns it as it was."""
        self.steps.append({"step": f"{self.name}: {step}", "saw": self._normal(json.loads(json.dumps(value, default=str)))})
        return value

    async def fail(self, step, awaitable):
        """Records how a call is refused: status and the shape of the body. What the text says is each server's own."""
        try:
            await awaitable
        except ERRORS as error:
            response = getattr(error, "response", None)
            body = getattr(error, "body", None)
            self.see(step, {"error": type(error).__name__, "status": getattr(response, "status_code", None),
                            "body": sorted(body) if isinstance(body, dict) else type(body).__name__})
        else:
            self.see(step, "was accepted")

    def _normal(self, value):
        if isinstance(value, dict):
            return {self._text(key): self._normal(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._normal(each) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text):
        text = UUID.sub(lambda found: self._names.get(found[0], "<uuid>"), text)
        return RECEIVER.sub("<receiver>", HEX.sub("<hex>", TIME.sub("<time>", text)))


def differences(ours, theirs, path=""):
    """Paths at which two values differ, as (path, ours, theirs); what one of them lacks is `ABSENT`."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key, ABSENT), theirs.get(key, ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (left, right) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(left, right, f"{path}[{at}]")
    elif ours is not theirs and (type(ours), ours) != (type(theirs), theirs):
        yield path, ours, theirs


class _Absent:
    def __repr__(self):
        return "(absent)"


ABSENT = _Absent()
