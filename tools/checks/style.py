# SPDX-License-Identifier: Apache-2.0
"""Style rules of CONTRIBUTING.md that a text search can judge. Each has a bad example in tests/check."""
import re

from checks import coroutines
from checks.cpp import functions, line_of
from checks.layering import includes
from checks.tree import Finding

SPDX = "// SPDX-License-Identifier: Apache-2.0"
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70

# rule, pattern over the stripped code, where it applies (folders), where it is at home (prefixes), what to write.
PATTERNS = [
    ("clock", r"\b(?:system_clock|steady_clock|high_resolution_clock)\s*::\s*now\b", ("src", "include"),
     ("src/base/time.cpp",), "take a Clock& (base/time.hpp): tests own the time"),
    ("sleep", r"\bsleep_(?:for|until)\b|\busleep\s*\(", ("src", "include", "tests/unit"), ("src/base/",),
     "wait on a timer of the loop; in tests advance the FakeClock"),
    ("random", r"\bstd\s*::\s*(?:rand|srand|random_device|mt19937(?:_64)?)\b", ("src", "include"), ("src/base/",),
     "take a Random& (base/random.hpp)"),
    ("capture", r"\[\s*=\s*[,\]]", ("src", "include"), (), "name what the lambda captures"),
    ("parser-get", r"\basync_read\w*\s*\([^;]*\bparser\w*\s*(?:\.|->)\s*get\s*\(\s*\)", ("src", "include", "tests"), (),
     "read into the parser itself: with parser.get() its body_limit is ignored"),
    ("debug-print", r"\bstd\s*::\s*(?:cerr|cout|clog)\b|\bprintf\s*\(", ("src", "include"), ("src/cli/", "src/main.cpp"),
     "log through base/log.hpp"),
    ("detached-lambda", r"\}\s*\(\s*\)\s*,\s*(?:\w+::)*(?:detached|use_awaitable|use_future)\b", ("src", "include", "tests"), (),
     "pass the lambda uncalled: a called one dies before its coroutine"),
]

# rule, include pattern, where it is at home, what to do.
INCLUDES = [
    ("include-regex", r"regex$", (), "parse by hand: <regex> costs 3.6 s a file"),
    ("include-iostream", r"iostream$", ("src/cli/", "src/main.cpp", "tests/", "bench/"), "log through base/log.hpp"),
    ("include-asio", r"boost/asio\.hpp$", (), "include the parts: <boost/asio/awaitable.hpp>, <boost/asio/steady_timer.hpp>"),
    ("include-beast", r"boost/beast(?:/|\.hpp)", ("src/http/", "tests/", "bench/"), "use the structs of http/"),
    ("include-spdlog", r"spdlog/", ("src/base/log.cpp",), "log through base/log.hpp"),
    ("include-sqlite", r"sqlite3\.h$", ("src/sql/", "tests/store/"), "use sql/connection.hpp"),
    ("include-libpq", r"(?:postgresql/)?libpq-fe\.h$", ("src/sql/",), "use sql/connection.hpp"),
]


def check(tree):
    for file in tree.cpp():
        yield from patterns(file)
        yield from include_rules(file)
        yield from headers(file)
        if file.under("src", "include", "tests"):
            yield from coroutines.check(file)
        if file.under("src", "include"):
            yield from sizes(file)
    for file in tree.files:
        # Recorded bytes and fuzz seeds stay as they are.
        if not file.is_binary and "/golden/" not in file.path and "/corpus/" not in file.path:
            yield from text(file)


def patterns(file):
    for rule, pattern, folders, home, instead in PATTERNS:
        if file.under(*folders) and not file.path.startswith(home):
            for match in re.finditer(pattern, file.code):
                yield Finding(file.path, line_of(file.code, match.start()), rule, instead)


def include_rules(file):
    for line, target in includes(file):
        for rule, pattern, home, instead in INCLUDES:
            if re.match(pattern, target) and not file.path.startswith(home):
                yield Finding(file.path, line, rule, f"not <{target}> here: {instead}")
        if target == "nlohmann/json.hpp" and file.path.endswith(".hpp") and file.under("src", "include"):
            yield Finding(file.path, line, "include-json", "headers include <nlohmann/json_fwd.hpp>, the .cpp the whole")


def headers(file):
    if file.lines[0] != SPDX:
        yield Finding(file.path, 1, "spdx", f"the first line is `{SPDX}`")
    if file.path.endswith(".hpp") and file.under("src", "include"):
        body = [line for line in file.lines[1:] if line.strip() and not line.startswith("#pragma once")]
        if not body or not body[0].startswith("//"):
            yield Finding(file.path, 2, "header-comment", "begin with a comment: what it promises, on which thread, who owns")
        if "#pragma once" not in file.lines:
            yield Finding(file.path, 1, "pragma-once", "headers have `#pragma once`")


def sizes(file):
    count = len(file.lines) - 1
    if count > MAX_FILE_LINES:
        yield Finding(file.path, MAX_FILE_LINES + 1, "file-length", f"{count} lines; split it below {MAX_FILE_LINES}")
    for function in functions(file.code):
        if function.lines > MAX_FUNCTION_LINES:
            yield Finding(file.path, function.first_line, "function-length",
                          f"{function.name} has {function.lines} lines; split it below {MAX_FUNCTION_LINES}", function.name)


def text(file):
    if file.bytes and not file.bytes.endswith(b"\n"):
        yield Finding(file.path, len(file.lines), "final-newline", "end the file with a newline")
    marks = re.compile("FIX" + r"ME\b|TODO\(" + r"now\)")
    code = file.is_cpp or file.path.endswith((".py", ".js", ".mjs", ".ts"))
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip() and not file.path.endswith((".patch", ".diff")):
            yield Finding(file.path, number, "trailing-space", "remove the white space at the line's end")
        if "\t" in line and not file.path.endswith((".tsv", "Makefile", ".gitmodules")):
            yield Finding(file.path, number, "tab", "indent with spaces; write a literal tab as \\t")
        if code and marks.search(line):
            yield Finding(file.path, number, "unfinished", "finish it now, or write TODO(soon|someday|perf|security): why")
