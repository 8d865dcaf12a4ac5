// SPDX-License-Identifier: Apache-2.0
// Which folders of a project are watched, and which files in them it consists of. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heddle::app {

// All absolute and normal.
struct WatchedPlaces {
    std::vector<std::string> folders;  // with what is below them
    std::vector<std::string> files;    // that matter whatever they are called
    std::string data_dir;              // the server's own
};

class WatchRules {
  public:
    explicit WatchRules(WatchedPlaces places) : places_(std::move(places)) {}

    [[nodiscard]] const WatchedPlaces& places() const { return places_; }
    // One of `places().folders` itself.
    [[nodiscard]] bool isNamed(std::string_view folder) const;
    // False: hidden folders, those of packages and caches, the server's data.
    [[nodiscard]] bool enters(std::string_view folder) const;
    // Whether a change of this file is one of the project: code and the texts that code reads. False: hidden
    // files, what editors leave for a moment, pictures, databases, logs.
    [[nodiscard]] bool matters(std::string_view file) const;
    // A file that makes its folder one of packages (a virtual environment).
    [[nodiscard]] static bool marksPackages(std::string_view file);

  private:
    WatchedPlaces places_;
};

}  // namespace heddle::app
