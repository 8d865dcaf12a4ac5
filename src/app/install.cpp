// SPDX-License-Identifier: Apache-2.0
// `heddle install`: an environment with what langgraph.json wants.
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/environment_maker.hpp"
#include "app/execution.hpp"
#include "app/interpreter.hpp"
#include "app/pip_failure.hpp"
#include "app/program.hpp"
#include "app/python_facts.hpp"
#include "app/steps.hpp"
#include "base/text.hpp"
#include "graph/worker/process.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;
using Installer = config::PackageSettings::Installer;

constexpr std::size_t kShownLines = 30;  // of pip's output when it failed
constexpr std::size_t kNamed = 4;        // requirements in a step's title
constexpr const char* kLangGraph = "langgraph>=1.0";

// What an installation has to look at; a webhook's variable that is missing is not among it.
bool concernsPackages(const config::Finding& finding) {
    constexpr std::array<std::string_view, 7> kKeys = {"--config",        "dependencies",  "python_version",
                                                       "pip_config_file", "pip_installer", "--python",
                                                       "HEDDLE_PYTHON"};
    const auto root = std::string_view(finding.key).substr(0, finding.key.find('['));
    return std::ranges::find(kKeys, root) != kKeys.end();
}

config::Config packagesOf(const Invocation& invocation) {
    auto loaded = config::load(sourcesOf(invocation));
    std::erase_if(loaded.findings, [](const auto& finding) { return !concernsPackages(finding); });
    printFindings(loaded.findings);
    if (!loaded.usable()) throw std::runtime_error("nothing was installed");
    const auto& file = loaded.config.packages.pip_config_file;
    std::error_code none;
    if (!file.empty() && !fs::is_regular_file(file, none))
        throw std::runtime_error("pip_config_file: the file does not exist: " + file);
    return std::move(loaded.config);
}

bool wantsPython(const config::Config& config) {
    return needsPython(config) || !config.dependencies.empty() || !config.requirements.empty();
}

PythonFacts ask(const config::Config& config, const std::string& python) {
    auto facts = askPython(config, python, Question::kPackages);
    if (!facts) throw std::runtime_error(facts.error().detail);
    if (facts->old) {
        throw std::runtime_error(
            fmt::format("{} is Python {}; graphs need 3.10 or later: name another with "
                        "--python",
                        facts->executable, facts->version));
    }
    return *std::move(facts);
}

// What pip is to install, as its arguments, and the same for a person.
struct Wanted {
    std::vector<std::string> arguments;
    std::vector<std::string> shown;
};

Wanted wantedOf(const config::Config& config, const PythonFacts& facts) {
    Wanted wanted;
    const auto add = [&](std::string option, std::string what, std::string shown) {
        if (!option.empty()) wanted.arguments.push_back(std::move(option));
        wanted.arguments.push_back(std::move(what));
        wanted.shown.push_back(std::move(shown));
    };
    const auto relative = [&](const fs::path& path) { return path.lexically_relative(config.root).string(); };
    for (const auto& folder : config.dependencies) {
        const auto requirements = fs::path(folder) / "requirements.txt";
        std::error_code none;
        if (fs::is_regular_file(requirements, none)) add("-r", requirements, relative(requirements));
        if (std::ranges::find(facts.installable, folder) != facts.installable.end())
            add("-e", folder, relative(folder));
    }
    for (const auto& name : config.requirements) add("", name, name);
    if (facts.versionOf("langgraph").empty()) add("", kLangGraph, "langgraph");
    return wanted;
}

std::vector<std::string> pipCommand(const config::Config& config, const std::string& python,
                                    const PythonFacts& facts) {
    const auto uv = config.packages.installer == Installer::kPip ? std::string() : findProgram("uv");
    if (config.packages.installer == Installer::kUv) {
        if (uv.empty())
            throw std::runtime_error("pip_installer is uv, which is not installed; install it, or say pip");
        return {uv, "pip", "install", "--python", python};
    }
    if (facts.pip) {
        return {python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--use-pep517"};
    }
    if (!uv.empty()) return {uv, "pip", "install", "--python", python};
    throw std::runtime_error(fmt::format("{} has no pip: {} -m ensurepip, or install uv", python, python));
}

std::vector<std::string> pipEnvironment(const config::Config& config) {
    auto environment = graph::ownEnvironment();
    const auto& file = config.packages.pip_config_file;
    if (file.empty()) return environment;
    std::erase_if(environment, [](const auto& entry) { return entry.starts_with("PIP_CONFIG_FILE="); });
    environment.push_back("PIP_CONFIG_FILE=" + file);
    return environment;
}

void runPip(const config::Config& config, const std::string& python, const PythonFacts& facts, bool verbose) {
    const auto wanted = wantedOf(config, facts);
    ProgramCall call;
    call.command = pipCommand(config, python, facts);
    call.command.insert(call.command.end(), wanted.arguments.begin(), wanted.arguments.end());
    call.environment = pipEnvironment(config);
    call.directory = config.root;
    Step step("installing " + listed(wanted.shown, kNamed));
    call.on_line = [&](std::string_view line) {
        if (verbose) fmt::print(stderr, "    {}\n", lastLines(line, 1));
        if (!line.starts_with(' ')) step.detail(line);
    };
    call.on_second = [&] { step.tick(); };
    const auto end = runProgram(call);
    if (!end) throw std::runtime_error(end.error().detail);
    if (end->status == 0) return step.done();
    const auto said = end->errors.empty() ? end->output : end->errors;
    if (!verbose) fmt::print(stderr, "\n{}\n", lastLines(said, kShownLines));
    const auto remedy = pipRemedy(end->errors + end->output);
    const auto& program = call.command.front() == python ? "pip" : "uv";
    throw std::runtime_error(fmt::format("{} failed with exit status {}{}", program, end->status,
                                         remedy.empty() ? ": its own words are above" : ": " + remedy));
}

void installInto(const config::Config& config, const std::string& python, bool verbose) {
    const auto facts = ask(config, python);
    if (const auto mismatch = versionMismatch(config, facts); !mismatch.empty())
        fmt::print(stderr, "warning: {}\n", mismatch);
    for (const auto& problem : facts.problems) fmt::print(stderr, "warning: {}\n", problem);
    if (facts.complete()) {
        fmt::print(stderr, "everything is installed in {} (langgraph {}, Python {})\n", python,
                   facts.versionOf("langgraph"), facts.version);
        return;
    }
    runPip(config, python, facts, verbose);
    const auto after = ask(config, python);
    for (const auto& line : after.missing) fmt::print(stderr, "warning: {}\n", line);
    const auto langgraph = after.versionOf("langgraph");
    if (langgraph.empty())
        throw std::runtime_error("pip ended well, but " + python + " has no langgraph; see --verbose");
    fmt::print(stderr, "installed in {} (langgraph {}, Python {})\n", python, langgraph, after.version);
}

}  // namespace

int install(const Invocation& invocation, bool verbose) {
    try {
        const auto config = packagesOf(invocation);
        if (!wantsPython(config)) {
            fmt::print(stderr, "nothing to install: no Python graphs and no dependencies\n");
            return 0;
        }
        const HeldSignals held;
        auto python = knownInterpreter(config);
        if (python.empty()) python = makeEnvironment(config);
        installInto(config, python, verbose);
        return 0;
    } catch (const Interrupted&) {
        fmt::print(stderr, "heddle install: interrupted; call it again to go on\n");
    } catch (const std::exception& error) {
        fmt::print(stderr, "heddle install: {}\n", error.what());
    }
    return 1;
}

}  // namespace heddle::app
