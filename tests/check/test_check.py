# SPDX-License-Identifier: Apache-2.0
"""tools/check refuses a bad example of each rule, and nothing in good ones."""
import importlib.machinery
import importlib.util
import pathlib
import shutil
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_check():
    loader = importlib.machinery.SourceFileLoader("heddle_check", str(ROOT / "tools" / "check"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("heddle_check", loader))
    sys.modules["heddle_check"] = module
    loader.exec_module(module)
    return module


CHECK = load_check()
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class CheckTest(unittest.TestCase):
    def findings(self, files, only=()):
        """Findings of a tree with these {path: text}."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="heddle-check-"))
        self.addCleanup(shutil.rmtree, root)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
        return CHECK.findings(CHECK.Tree(root, only))

    def rules(self, path, text):
        return [finding.rule for finding in self.findings({path: text})]

    def body(self, code, path="src/run/a.cpp"):
        """Rules that a function body breaks."""
        indented = textwrap.indent(textwrap.dedent(code).strip("\n"), "    ")
        return self.rules(path, f"{SPDX}awaitable<void> f(int n) {{\n{indented}\n}}\n")

    def header(self, code, path="src/run/a.hpp"):
        return self.rules(path, f"{SPDX}// What it holds.\n#pragma once\n\n{code}")


class Layering(CheckTest):
    def test_domain_must_not_include_http(self):
        found = self.findings({"src/domain/run.cpp": SPDX + '#include "http/client.hpp"\n'})
        self.assertEqual([(f.path, f.line, f.rule) for f in found], [("src/domain/run.cpp", 2, "layering")])
        self.assertIn("domain -> http", found[0].message)
        self.assertIn("domain may include: base, metrics", found[0].message)

    def test_arrows_that_are_written_are_free(self):
        for folder, target in [("api", "run/service.hpp"), ("run", "store/runs.hpp"), ("webhook", "http/client.hpp"),
                               ("app", "sql/sqlite.hpp"), ("cli", "app/server.hpp"), ("graph", "metrics/metrics.hpp"),
                               ("run", "sql/database.hpp"), ("config", "base/json.hpp"), ("run", "domain/run.hpp")]:
            with self.subTest(folder=folder, target=target):
                self.assertEqual(self.rules(f"src/{folder}/a.cpp", f'{SPDX}#include "{target}"\n'), [])

    def test_arrows_that_are_not_written_are_refused(self):
        for folder, target in [("api", "graph/executor.hpp"), ("run", "api/runs.hpp"), ("store", "run/service.hpp"),
                               ("http", "domain/run.hpp"), ("http", "run/hub.hpp"), ("base", "metrics/metrics.hpp"),
                               ("base", "domain/run.hpp"), ("metrics", "domain/run.hpp"), ("cron", "http/message.hpp"),
                               ("run", "sql/sqlite.hpp"), ("api", "sql/sqlite.hpp"), ("config", "http/server.hpp"),
                               ("cli", "http/server.hpp"), ("run", "heddle/server.hpp")]:
            with self.subTest(folder=folder, target=target):
                self.assertEqual(self.rules(f"src/{folder}/a.cpp", f'{SPDX}#include "{target}"\n'), ["layering"])

    def test_main_reaches_only_cli(self):
        self.assertEqual(self.rules("src/main.cpp", SPDX + '#include "cli/serve.hpp"\n'), [])
        self.assertEqual(self.rules("src/main.cpp", SPDX + '#include "app/server.hpp"\n'), ["layering"])

    def test_public_headers_include_no_private_one(self):
        self.assertEqual(self.header('#include "base/ids.hpp"\n', "include/heddle/graph.hpp"), ["layering"])

    def test_folders_outside_the_architecture_are_refused(self):
        self.assertEqual(self.rules("src/util/a.cpp", SPDX), ["layering"])

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(self.rules("src/base/a.cpp", SPDX + '/*\n#include "run/a.hpp"\n*/\n'), [])


class CoAwait(CheckTest):
    def test_bad_forms(self):
        for rule, code in [
            ("await-condition", "if (co_await g()) h();"),
            ("await-condition", "if (!co_await g()) {\n    h();\n}"),
            ("await-condition", "if (const int a = 1; co_await g(a)) h();"),
            ("await-condition", "while (co_await g()) {\n}"),
            ("await-condition", "for (auto& x : co_await g()) {\n}"),
            ("await-condition", "switch (co_await g()) {\n}"),
            ("await-ternary", "x = n ? co_await g() : 1;"),
            ("await-ternary", "x = n ? 1 : co_await g();"),
            ("await-ternary", "x = co_await g() ? 1 : 2;"),
            ("await-braces", "P p{co_await a(), 1};"),
            ("await-braces", "std::vector<int> v{co_await a()};"),
            ("await-plain", "h(co_await g());"),
            ("await-plain", "const int a = 1 + co_await g();"),
            ("await-plain", "P p{1, co_await b()};"),
            ("await-plain", "co_await (co_await g())();"),
            ("await-temporary", "co_await g(Opts{.a = 1});"),
            ("await-temporary", 'co_await g({"a", "b"});'),
            ("await-temporary", "const auto a = co_await g(x, {1});"),
            ("await-lambda", "co_await co_spawn(ex, [p]() -> awaitable<void> { co_return; }, use_awaitable);"),
        ]:
            with self.subTest(code=code):
                self.assertIn(rule, self.body(code))

    def test_good_forms(self):
        for code in [
            "co_await g();",
            "(void)co_await g();",
            "const bool ok = co_await g(x, std::string(3, 'x'));",
            "auto [ec, n] = co_await g(a, use_awaitable);",
            "if (const bool ok = co_await g(); ok) h();",
            "if (n) co_await g();",
            "if (n) {\n    co_await g();\n} else {\n    co_await h();\n}",
            "for (;;) co_await g();",
            "do {\n    co_await g();\n} while (n);",
            "try {\n    co_await g();\n} catch (...) {\n}",
            "x = co_await g();",
            "member.value_ = co_await g();",
            "co_return co_await g();",
            "switch (n) {\n    case 1:\n        co_await g();\n}",
            "auto run = [p]() -> awaitable<void> { co_await g(p); };",
            "auto run = [p]() mutable { co_await g(p); };",
            "co_spawn(ex, [p]() -> awaitable<void> { co_await g(p); }, detached);",
            "if (start([p]() -> awaitable<void> { co_await g(p); })) h();",
            "co_await g(Id{text});",
            "// if (co_await g()) is refused",
            'log("while (co_await g())");',
        ]:
            with self.subTest(code=code):
                self.assertEqual(self.body(code), [])

    def test_parser_get_is_refused(self):
        self.assertEqual(self.body("co_await http::async_read(stream, buffer, parser.get(), token);", "src/http/a.cpp"),
                         ["parser-get"])
        self.assertEqual(self.body("co_await http::async_read(stream, buffer, parser, token);", "src/http/a.cpp"), [])

    def test_called_lambda_in_co_spawn_is_refused(self):
        self.assertEqual(self.body("co_spawn(ex, [s]() -> awaitable<void> { co_return; }(), detached);"), ["detached-lambda"])


class Style(CheckTest):
    def test_patterns(self):
        for rule, code in [("clock", "auto t = std::chrono::system_clock::now();"),
                           ("clock", "auto t = std::chrono::steady_clock::now();"),
                           ("sleep", "std::this_thread::sleep_for(1s);"),
                           ("random", "int x = std::rand();"),
                           ("random", "std::mt19937 generator;"),
                           ("capture", "auto g = [=] { return n; };"),
                           ("capture", "auto g = [=, this] { return n; };"),
                           ("debug-print", "std::cerr << n;"),
                           ("debug-print", 'printf("x");')]:
            with self.subTest(code=code):
                self.assertEqual(self.body(code), [rule])

    def test_patterns_are_free_where_they_are_at_home(self):
        self.assertEqual(self.body("auto t = std::chrono::system_clock::now();", "src/base/time.cpp"), [])
        self.assertEqual(self.body("auto t = std::chrono::system_clock::now();", "src/base/log.cpp"), ["clock"])
        self.assertEqual(self.body("array[i] = 1; x = a[n]; auto g = [&, n] {};"), [])
        self.assertEqual(self.body('std::snprintf(buffer, 3, "x");'), [])

    def test_sleep_in_unit_tests_is_refused(self):
        self.assertEqual(self.body("std::this_thread::sleep_for(1s);", "tests/unit/run/a_test.cpp"), ["sleep"])

    def test_includes(self):
        for rule, target in [("include-regex", "regex"), ("include-iostream", "iostream"),
                             ("include-asio", "boost/asio.hpp"), ("include-beast", "boost/beast/core.hpp"),
                             ("include-beast", "boost/beast.hpp"), ("include-spdlog", "spdlog/spdlog.h"),
                             ("include-sqlite", "sqlite3.h"), ("include-libpq", "libpq-fe.h")]:
            with self.subTest(target=target):
                self.assertEqual(self.rules("src/run/a.cpp", f"{SPDX}#include <{target}>\n"), [rule])

    def test_includes_are_free_where_they_are_at_home(self):
        for path, target in [("src/http/a.cpp", "boost/beast/core.hpp"), ("src/base/log.cpp", "spdlog/spdlog.h"),
                             ("src/sql/a.cpp", "sqlite3.h"), ("src/run/a.cpp", "boost/asio/awaitable.hpp"),
                             ("src/run/a.cpp", "nlohmann/json.hpp")]:
            with self.subTest(path=path, target=target):
                self.assertEqual(self.rules(path, f"{SPDX}#include <{target}>\n"), [])

    def test_headers(self):
        self.assertEqual(self.header("#include <nlohmann/json.hpp>\n"), ["include-json"])
        self.assertEqual(self.header("#include <nlohmann/json_fwd.hpp>\n"), [])
        self.assertEqual(self.rules("src/run/a.hpp", SPDX + "#pragma once\nstruct A;\n"), ["header-comment"])
        self.assertEqual(self.rules("src/run/a.hpp", SPDX + "// What.\nstruct A;\n"), ["pragma-once"])
        self.assertEqual(self.rules("src/run/a.cpp", "int a;\n"), ["spdx"])

    def test_file_length(self):
        self.assertEqual(self.rules("src/run/a.cpp", SPDX + "int a;\n" * 399), [])
        self.assertEqual(self.rules("src/run/a.cpp", SPDX + "int a;\n" * 400), ["file-length"])

    def test_text(self):
        self.assertEqual(self.rules("a.txt", "a"), ["final-newline"])
        self.assertEqual(self.rules("a.txt", "a \n"), ["trailing-space"])
        self.assertEqual(self.rules("a.txt", "\ta\n"), ["tab"])
        self.assertEqual(self.rules("src/run/a.cpp", SPDX + "// FIX" + "ME\n"), ["unfinished"])
        self.assertEqual(self.rules("src/run/a.cpp", SPDX + "// TODO(" + "now): x\n"), ["unfinished"])
        self.assertEqual(self.rules("src/run/a.cpp", SPDX + "// TODO(perf): x\n"), [])
        self.assertEqual(self.rules("a.bin", b"\0\t \n\t"), [])
        self.assertEqual(self.rules("tests/worker/golden/a.json", "{} "), [])
        self.assertEqual(self.rules("tests/fuzz/corpus/a_fuzz/seed", "a\r\n b "), [])


class FunctionLength(CheckTest):
    def lengths(self, code):
        return [(f.name, f.lines) for f in CHECK.style.functions(code)]

    def test_long_functions_are_refused_by_name(self):
        body = "    int a;\n"
        self.assertEqual(self.rules("src/run/a.cpp", f"{SPDX}void f() {{\n{body * 68}}}\n"), [])
        found = self.findings({"src/run/a.cpp": f"{SPDX}namespace n {{\nvoid A::f() const {{\n{body * 69}}}\n}}\n"})
        self.assertEqual([(f.rule, f.line, f.subject) for f in found], [("function-length", 3, "A::f")])

    def test_what_a_function_is(self):
        for code, expected in [
            ("namespace a {\nvoid f() {\n    if (x) {\n    }\n}\n}\n", [("f", 4)]),
            ("class A : public B<C> {\n    void f() {\n    }\n};\n", [("f", 2)]),
            ("A::A(int a)\n    : a_(a), b_{a} {\n}\n", [("A::A", 3)]),
            ("auto f() -> std::vector<int> {\n}\n", [("f", 2)]),
            ("const std::array<int, 2> kX{{\n    {1},\n}};\n", []),
            ("const std::map<int, int> kX = {\n    {1, 2},\n};\n", []),
            ("enum class A : int {\n    kB,\n};\n", []),
            ("struct A {\n    int a = 1;\n    std::string b{};\n};\n", []),
            ("TEST(A, B) {\n    f([] { return 1; });\n}\n", [("TEST", 3)]),
            ("struct [[nodiscard]] A {\n    bool operator()(int a) const {\n    }\n};\n", [("operator()", 2)]),
            ("#define X(a) {\nvoid f() {\n}\n", [("f", 2)]),
            ("void f() {\n", []),
        ]:
            with self.subTest(code=code):
                self.assertEqual(self.lengths(code), expected)


class Docs(CheckTest):
    def test_links(self):
        files = {"docs/b.md": "# One `two` (three)\n", "docs/a.md": ""}
        for link, expected in [("b.md", []), ("b.md#one-two-three", []), ("../docs/b.md", []), ("/docs/b.md", []),
                               ("https://example.com/x", []), ("mailto:a@example.com", []),
                               ("c.md", ["link"]), ("b.md#four", ["link"]), ("#here", ["link"]), ("../b.md", ["link"])]:
            with self.subTest(link=link):
                files["docs/a.md"] = f"See [it]({link}).\n"
                self.assertEqual([f.rule for f in self.findings(files)], expected)

    def test_links_that_leave_are_well_formed_https(self):
        for link, expected in [("https://example.com/x?y#z", []), ("http://127.0.0.1:2024/docs", []), ("http://localhost", []),
                               ("http://example.com", ["link"]), ("https://", ["link"]), ("https://exa_mple", ["link"]),
                               ("//example.com/x", ["link"]), ("https://[1", ["link"]), ("javascript:x", ["link"])]:
            with self.subTest(link=link):
                self.assertEqual(self.rules("docs/a.md", f"See [it]({link}).\n"), expected)

    def test_code_says_what_tests_do_with_it(self):
        for path, before, language, expected in [
                ("docs/a.md", "", "bash", ["snippet"]), ("docs/a.md", "", "json", ["snippet"]), ("docs/a.md", "", "", []),
                ("docs/a.md", "", "yaml", []), ("docs/a.md", "<!-- run -->", "sh", []), ("README.md", "text", "python", ["snippet"]),
                ("docs/a.md", "<!-- config -->", "json", []), ("docs/a.md", "<!-- run aside -->", "sh", []),
                ("docs/a.md", "<!-- not run: needs Docker -->", "bash", []), ("docs/a.md", "<!-- not run: -->", "bash", ["snippet"]),
                ("CONTRIBUTING.md", "", "bash", [])]:
            with self.subTest(path=path, before=before, language=language):
                self.assertEqual(self.rules(path, f"{before}\n```{language}\ntrue\n```\n"), expected)

    def test_code_is_no_link(self):
        self.assertEqual(self.rules("a.md", "```\n[a](b)\n```\nand `[a](b)`\n"), [])


class Hygiene(CheckTest):
    def test_forbidden_text(self):
        for rule, text in [("registry-host", "https://py" + "pi.org/simple"),
                           ("registry-host", "https://registry.npm" + "js.org/x"),
                           ("machine-path", "cd /ro" + "ot/project"), ("machine-path", "see /wo" + "rk/main"),
                           ("machine-path", "see /ho" + "me/jane/x"),
                           ("secret", "-----BEGIN PRIVATE" + " KEY-----"), ("secret", "AKIA" + "A" * 16)]:
            with self.subTest(text=text):
                self.assertEqual(self.rules("a.txt", text + "\n"), [rule])

    def test_harmless_text(self):
        self.assertEqual(self.rules("a.txt", "http://host/root/x ./work/y network/work/z\n"), [])

    def test_scripts(self):
        self.assertEqual(self.rules("workers/python/a.py", "def f(:\n"), ["python"])
        self.assertEqual(self.rules("workers/python/a.py", "def f():\n    return 1\n"), [])
        self.assertEqual(self.rules("a.sh", "#!/usr/bin/env bash\nset -euo pipefail\nif then\n"), ["shell"])
        self.assertEqual(self.rules("a.sh", "#!/usr/bin/env bash\necho hi\n"), ["shell"])


class Exceptions(CheckTest):
    BAD = {"src/run/a.cpp": SPDX + "int a;\n" * 400}

    def test_an_exception_with_a_reason_excuses(self):
        self.assertEqual(self.findings({**self.BAD, "tools/check_allow.txt": "file-length src/run/a.cpp a table\n"}), [])

    def test_an_exception_without_a_reason_is_a_finding(self):
        found = self.findings({**self.BAD, "tools/check_allow.txt": "file-length src/run/a.cpp\n"})
        self.assertEqual([f.rule for f in found], ["allow-list"])

    def test_an_exception_that_excuses_nothing_is_a_finding(self):
        found = self.findings({"tools/check_allow.txt": "file-length src/run/a.cpp a table\n"})
        self.assertEqual([f.rule for f in found], ["allow-list"])

    def test_a_check_of_some_files_looks_at_no_others(self):
        bad = {**self.BAD, "src/run/b.cpp": "int b;\n"}
        self.assertEqual([f.path for f in self.findings(bad, only=["src/run/b.cpp"])], ["src/run/b.cpp"])


if __name__ == "__main__":
    unittest.main()
