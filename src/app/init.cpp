// SPDX-License-Identifier: Apache-2.0
// `heddle init`: the files of templates/project, which belong to whoever asked for them.
#include "app/commands.hpp"
#include "base/text.hpp"
#include "embedded/init_agent_py.hpp"
#include "embedded/init_dockerignore.hpp"
#include "embedded/init_env.hpp"
#include "embedded/init_env_example.hpp"
#include "embedded/init_gitignore.hpp"
#include "embedded/init_langgraph_json.hpp"
#include "embedded/init_readme_md.hpp"
#include "embedded/init_requirements_txt.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;

struct Template {
    const char* name;
    std::string_view text;
};

std::array<Template, 8> templates() {
    return {{{"langgraph.json", embedded::initLanggraphJson()},
             {"agent.py", embedded::initAgentPy()},
             {"requirements.txt", embedded::initRequirementsTxt()},
             {".env", embedded::initEnv()},  // a service or a container of another user reads it too
             {".env.example", embedded::initEnvExample()},
             {".gitignore", embedded::initGitignore()},
             {".dockerignore", embedded::initDockerignore()},
             {"README.md", embedded::initReadmeMd()}}};
}

// The file must not be there yet. Throws std::system_error.
void writeNew(const fs::path& path, const Template& file) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    const auto fail = [&] {
        throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
    };
    if (descriptor < 0) fail();
    const auto written = ::write(descriptor, file.text.data(), file.text.size());
    if (::close(descriptor) != 0 || written != static_cast<ssize_t>(file.text.size())) fail();
}

// All of them or none.
void writeAll(const fs::path& folder) {
    std::vector<fs::path> written;
    try {
        for (const auto& file : templates()) {
            const auto path = folder / file.name;
            writeNew(path, file);
            written.push_back(path);
        }
    } catch (const std::system_error&) {
        std::error_code none;
        for (const auto& path : written) fs::remove(path, none);
        throw;
    }
}

std::vector<std::string> existing(const fs::path& folder) {
    std::vector<std::string> found;
    for (const auto& file : templates()) {
        if (fs::exists(fs::symlink_status(folder / file.name))) found.emplace_back(file.name);
    }
    return found;
}

}  // namespace

int init(const std::string& folder) {
    try {
        const auto taken = existing(folder);
        if (!taken.empty()) {
            fmt::print(stderr, "heddle init: {} has {} already; nothing was written: name an empty folder\n",
                       folder, listed(taken, taken.size()));
            return 1;
        }
        fs::create_directories(folder);
        writeAll(folder);
    } catch (const std::system_error& error) {
        fmt::print(stderr, "heddle init: {}\n", error.what());
        return 1;
    }
    fmt::print("A project with one graph is in {}. Next:\n\n", folder == "." ? "this folder" : folder);
    if (folder != ".") fmt::print("    cd {}\n", folder);
    fmt::print("    heddle install     # .venv with langgraph and what requirements.txt names\n");
    fmt::print("    heddle serve       # http://127.0.0.1:2024, the API document at /docs\n\n");
    fmt::print("README.md shows a first request; heddle doctor says what is missing.\n");
    return 0;
}

}  // namespace heddle::app
