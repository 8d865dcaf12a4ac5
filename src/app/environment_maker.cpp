// SPDX-License-Identifier: Apache-2.0
#include "app/environment_maker.hpp"

#include "app/pip_failure.hpp"
#include "app/program.hpp"
#include "app/steps.hpp"
#include "graph/worker/process.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <stdexcept>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;

// Removes the folder unless it was kept.
class NewFolder {
  public:
    explicit NewFolder(fs::path path) : path_(std::move(path)) {}
    ~NewFolder() {
        std::error_code none;
        if (!kept_) fs::remove_all(path_, none);
    }
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;
    void keep() { kept_ = true; }

  private:
    fs::path path_;
    bool kept_ = false;
};

std::string basePython(const config::Config& config) {
    const auto& wanted = config.packages.python_version;
    auto found = wanted.empty() ? std::string() : findProgram("python" + wanted);
    if (found.empty()) found = findProgram("python3");
    if (found.empty()) {
        throw std::runtime_error(
            "there is no python3; install it (apt-get install python3 python3-venv), or "
            "name an interpreter with --python");
    }
    return found;
}

std::string remedyOf(const ProgramEnd& end, const std::string& base) {
    const auto said = end.output + end.errors;
    if (said.find("ensurepip") != std::string::npos ||
        said.find("No module named venv") != std::string::npos) {
        const auto name = fs::path(base).filename().string();
        return fmt::format("{} cannot make environments; install what it lacks: apt-get install {}-venv",
                           base, name);
    }
    const auto remedy = pipRemedy(said);
    return fmt::format("{} -m venv failed with exit status {}: {}", base, end.status,
                       remedy.empty() ? lastLines(said, 1) : remedy);
}

}  // namespace

std::string makeEnvironment(const config::Config& config) {
    const auto folder = fs::path(config.root) / ".venv";
    const auto python = (folder / "bin/python").string();
    std::error_code none;
    if (fs::exists(fs::symlink_status(folder, none))) {
        throw std::runtime_error(
            fmt::format("{} is there, but has no interpreter that starts; remove it and "
                        "call this again",
                        folder.string()));
    }
    const auto base = basePython(config);
    ProgramCall call;
    call.command = {base, "-m", "venv", folder.string()};
    call.environment = graph::ownEnvironment();
    call.directory = config.root;
    NewFolder made(folder);
    Step step(fmt::format("making {} with {}", folder.string(), base));
    call.on_second = [&] { step.tick(); };
    const auto end = runProgram(call);
    if (!end) throw std::runtime_error(end.error().detail);
    if (end->status != 0) throw std::runtime_error(remedyOf(*end, base));
    if (findProgram(python).empty()) throw std::runtime_error(base + " made no " + python);
    step.done();
    made.keep();
    return python;
}

}  // namespace heddle::app
