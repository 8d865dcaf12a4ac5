// SPDX-License-Identifier: Apache-2.0
#include "app/interpreter.hpp"

#include "heddle_build.hpp"

#include <cstdlib>
#include <filesystem>

namespace heddle::app {
namespace fs = std::filesystem;

std::string knownInterpreter(const config::Config& config) {
    if (!config.python.empty()) return config.python;
    std::error_code ignored;
    const fs::path beside = fs::path(config.root) / ".venv/bin/python";
    if (fs::exists(beside, ignored)) return beside.string();
    if (const char* active = std::getenv("VIRTUAL_ENV"); active != nullptr) {
        const fs::path python = fs::path(active) / "bin/python";
        if (fs::exists(python, ignored)) return python.string();
    }
    return {};
}

std::string pythonInterpreter(const config::Config& config) {
    auto known = knownInterpreter(config);
    return known.empty() ? "python3" : known;
}

std::string workersFolder(std::string_view runtime) {
    std::error_code ignored;
    const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
    const fs::path installed =
        (self.parent_path() / build::kInstalledWorkersDir / runtime).lexically_normal();
    if (fs::exists(installed, ignored)) return installed.string();
    return (fs::path(build::kSourceWorkersDir) / runtime).string();
}

}  // namespace heddle::app
