// SPDX-License-Identifier: Apache-2.0
#include "app/python_facts.hpp"

#include "app/execution.hpp"
#include "app/pip_failure.hpp"
#include "app/program.hpp"
#include "graph/worker/process.hpp"
#include "graph/worker/project.hpp"

#include <fmt/core.h>

#include <chrono>

namespace heddle::app {
namespace {

constexpr std::chrono::minutes kLoad{2};  // as long as a worker may take

std::vector<std::string> texts(JsonView object, std::string_view key) {
    std::vector<std::string> out;
    for (const JsonView each : object.get(key).value_or(JsonView()).elements()) {
        out.push_back(each.string().value_or(""));
    }
    return out;
}

bool isTrue(JsonView object, std::string_view key) {
    const auto value = object.get(key);
    return value && value->boolean() == true;
}

PythonFacts factsOf(JsonView answer) {
    PythonFacts facts;
    facts.version = answer.stringAt("python").value_or("");
    facts.executable = answer.stringAt("executable").value_or("");
    facts.old = isTrue(answer, "old");
    facts.own_environment = isTrue(answer, "own_environment");
    facts.pip = isTrue(answer, "pip");
    for (const auto& [name, version, key_text] : answer.objectAt("versions").fields()) {
        facts.versions.emplace_back(name, version.string().value_or(""));
    }
    facts.missing = texts(answer, "missing");
    facts.unknown = texts(answer, "unknown");
    facts.installable = texts(answer, "installable");
    facts.not_installed = texts(answer, "not_installed");
    facts.problems = texts(answer, "problems");
    if (const auto loaded = answer.given("loaded")) facts.loaded = RawJson::copy(*loaded);
    return facts;
}

}  // namespace

std::string PythonFacts::versionOf(std::string_view package) const {
    for (const auto& [name, found] : versions) {
        if (name == package) return found;
    }
    return {};
}

bool PythonFacts::complete() const {
    return !versionOf("langgraph").empty() && missing.empty() && unknown.empty() && not_installed.empty();
}

Result<PythonFacts> askPython(const config::Config& config, const std::string& python, Question question) {
    const auto options = workerOptions(config);
    ProgramCall call;
    call.command = {python, "-m", "heddle_worker.check",
                    question == Question::kGraphs ? "graphs" : "packages"};
    call.environment =
        graph::projectEnvironment(options, graph::ownEnvironment(), {{"PYTHONUNBUFFERED", "1"}});
    call.directory = config.root;
    call.input = graph::projectJson(options);
    call.limit = kLoad;
    auto end = runProgram(call);
    if (!end) {
        return Problem::unavailable(end.error().detail +
                                    "; install it, or name another interpreter with --python");
    }
    if (end->late) {
        return Problem::unavailable(
            "importing the graphs took longer than two minutes; something in them "
            "waits when it is imported");
    }
    auto answer = RawJson::parse(std::move(end->output));
    if (end->status == 0 && answer && answer->view().isObject()) return factsOf(answer->view());
    const auto said = lastLines(end->errors, 1);
    if (end->status > 128) {
        return Problem::unavailable(
            fmt::format("{} was ended by signal {} while it imported", python, end->status - 128));
    }
    return Problem::unavailable(fmt::format("{} does not work as a Python interpreter (exit status {}){}",
                                            python, end->status, said.empty() ? "" : ": " + said));
}

std::string versionMismatch(const config::Config& config, const PythonFacts& facts) {
    const auto& wanted = config.packages.python_version;
    if (wanted.empty() || (facts.version + ".").starts_with(wanted + ".")) return {};
    return fmt::format("langgraph.json wants Python {} (python_version), {} is {}", wanted, facts.executable,
                       facts.version);
}

}  // namespace heddle::app
