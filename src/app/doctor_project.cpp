// SPDX-License-Identifier: Apache-2.0
// Of `heddle doctor`: the interpreter, its packages, the graphs.
#include "app/doctor_report.hpp"
#include "app/execution.hpp"
#include "app/interpreter.hpp"
#include "app/program.hpp"
#include "app/python_facts.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace heddle::app {
namespace {

constexpr double kSlow_s = 5;

void checkPackages(const config::Config& config, const PythonFacts& facts, DoctorReport& report) {
    if (const auto mismatch = versionMismatch(config, facts); !mismatch.empty())
        report.warning("python", mismatch,
                       "name the right one with --python, or remove .venv and call heddle install");
    for (const auto& problem : facts.problems) report.warning("packages", problem);
    const auto langgraph = facts.versionOf("langgraph");
    if (langgraph.empty()) {
        report.problem("langgraph", "is not installed for " + facts.executable,
                       "heddle install, or " + facts.executable + " -m pip install langgraph");
    } else {
        std::string versions = langgraph;
        for (const auto& [name, version] : facts.versions) {
            if (name != "langgraph") versions += ", " + name + " " + version;
        }
        report.ok("langgraph", versions);
    }
    for (const auto& line : facts.missing) report.warning("packages", line);
    if (facts.missing.empty() && facts.problems.empty()) {
        report.ok("packages", config.dependencies.empty() && config.requirements.empty()
                                  ? "langgraph.json names no dependencies"
                                  : "everything that the dependencies want is there");
    }
}

void checkGraph(JsonView graph, DoctorReport& report) {
    const auto name = "graph " + graph.stringAt("graph_id").value_or("");
    const auto error = graph.given("error");
    if (error) {
        report.problem(
            name, error->stringAt("error").value_or("") + ": " + error->stringAt("message").value_or(""));
        return;
    }
    const auto took = graph.get("seconds").value_or(JsonView()).number().value_or(0);
    report.ok(name, fmt::format("loads in {:.1f} s{}", took, took > kSlow_s ? ": its imports are slow" : ""));
}

void checkLoaded(JsonView loaded, DoctorReport& report) {
    for (const JsonView graph : loaded.get("graphs").value_or(JsonView()).elements())
        checkGraph(graph, report);
    if (const auto index = loaded.given("store_index")) {
        const auto error = index->objectAt("error");
        report.problem("store.index",
                       error.stringAt("error").value_or("") + ": " + error.stringAt("message").value_or(""));
    }
}

void checkLibraries(const config::Config& config, DoctorReport& report) {
    shareEnvironment(config);
    for (const auto& graph : config.graphs) {
        if (!isLibrary(graph)) continue;
        const auto parts = graph::loadLibrary(graph.path, graph.name);
        const auto name = "graph " + graph.graph_id;
        if (parts) {
            report.ok(name, "loads from " + graph.path);
        } else {
            report.problem(name, parts.error().detail);
        }
    }
}

}  // namespace

void checkProject(const config::Config& config, Configuration state, DoctorReport& report) {
    if (state == Configuration::kUsable) checkLibraries(config, report);
    if (!needsPython(config)) {
        if (state == Configuration::kUsable) report.ok("python", "not needed: there are no Python graphs");
        return;
    }
    const auto interpreter = pythonInterpreter(config);
    if (findProgram(interpreter).empty()) {
        report.problem("python", "there is no program " + interpreter,
                       "install python3 (3.10 or later), or name an interpreter with --python");
        return;
    }
    const auto question = state == Configuration::kUsable ? Question::kGraphs : Question::kPackages;
    auto facts = askPython(config, interpreter, question);
    if (!facts && question == Question::kGraphs) {
        report.problem("graphs", facts.error().detail);
        facts = askPython(config, interpreter, Question::kPackages);
    }
    if (!facts) return report.problem("python", facts.error().detail);
    if (facts->old) {
        return report.problem("python", fmt::format("{} is Python {}", facts->executable, facts->version),
                              "graphs need 3.10 or later: name another with --python");
    }
    report.ok("python", fmt::format("{}: Python {}", facts->executable, facts->version));
    checkPackages(config, *facts, report);
    checkLoaded(facts->loaded.view(), report);
}

}  // namespace heddle::app
