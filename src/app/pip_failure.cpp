// SPDX-License-Identifier: Apache-2.0
#include "app/pip_failure.hpp"

#include <algorithm>
#include <array>

namespace heddle::app {
namespace {

struct Known {
    std::string_view sign;
    std::string_view remedy;
};

// The first sign that is found counts, so what names its cause stands before what follows from it.
constexpr std::array<Known, 13> kKnown{{
    {"externally-managed-environment",
     "this Python belongs to the system and takes no packages; leave --python and HEDDLE_PYTHON out and "
     ".venv is made"},
    {"No space left on device", "the disk is full; free some space and try again"},
    {"Permission denied",
     "no permission to write there; run it as the owner of the environment, or use another one with "
     "--python"},
    {"Name or service not known",
     "the package index cannot be reached; check the network, or name a "
     "proxy or index in pip_config_file"},
    {"Temporary failure in name resolution",
     "the package index cannot be reached; check the network, or "
     "name a proxy or index in pip_config_file"},
    {"Connection refused",
     "the package index cannot be reached; check the network, or name a proxy or "
     "index in pip_config_file"},
    {"ProxyError", "the proxy did not pass it on; check HTTPS_PROXY and pip_config_file"},
    {"CERTIFICATE_VERIFY_FAILED",
     "the index's certificate is not trusted; name your CA as cert in pip_config_file"},
    {"ResolutionImpossible",
     "two of the packages want different versions of a third; loosen what requirements.txt or "
     "pyproject.toml pin"},
    {"No solution found when resolving",
     "there are no versions that fit together; loosen what "
     "requirements.txt or pyproject.toml pin"},
    {"No matching distribution found for",
     "there is no such package or version for this Python; check its spelling and its version"},
    {"Multiple top-level packages discovered",
     "setuptools does not know which of the folders are the package; say it in pyproject.toml "
     "([tool.setuptools] packages), or keep only requirements.txt: Heddle imports from the folder"},
    {"error: command 'gcc' failed",
     "a package has to be compiled; install a compiler (apt-get install "
     "build-essential python3-dev), or choose a version with a wheel"},
}};

}  // namespace

std::string pipRemedy(std::string_view output) {
    for (const auto& known : kKnown) {
        if (output.find(known.sign) != std::string_view::npos) return std::string(known.remedy);
    }
    return {};
}

std::string lastLines(std::string_view output, std::size_t most) {
    while (output.ends_with('\n')) output.remove_suffix(1);
    auto begin = output.size();
    for (std::size_t lines = 0; lines < most && begin != std::string_view::npos; ++lines) {
        begin = begin == 0 ? std::string_view::npos : output.rfind('\n', begin - 1);
    }
    std::string out(begin == std::string_view::npos ? output : output.substr(begin + 1));
    std::erase_if(out,
                  [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F; });
    return out;
}

}  // namespace heddle::app
