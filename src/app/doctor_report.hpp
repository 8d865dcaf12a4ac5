// SPDX-License-Identifier: Apache-2.0
// What `heddle doctor` found, in the order of looking.
#pragma once

#include "config/config.hpp"

#include <string>
#include <vector>

namespace heddle::app {

struct Check {
    enum class Level { kOk, kWarning, kProblem };
    Level level = Level::kOk;
    std::string name;    // "python", "port"
    std::string text;    // what is there, or what is wrong
    std::string remedy;  // empty where it is ok, or where the text says it
};

class DoctorReport {
  public:
    void ok(std::string name, std::string text) { add(Check::Level::kOk, name, text, {}); }
    void warning(std::string name, std::string text, std::string remedy = {}) {
        add(Check::Level::kWarning, name, text, std::move(remedy));
    }
    void problem(std::string name, std::string text, std::string remedy = {}) {
        add(Check::Level::kProblem, name, text, std::move(remedy));
    }

    [[nodiscard]] const std::vector<Check>& checks() const { return checks_; }
    [[nodiscard]] std::size_t count(Check::Level level) const;
    // A line a check, the remedy below it, and a line that counts.
    [[nodiscard]] std::string text() const;
    // {"ok":…,"checks":[{"check","level","text","remedy"}]}
    [[nodiscard]] std::string json() const;

  private:
    void add(Check::Level level, std::string& name, std::string& text, std::string remedy) {
        checks_.push_back({level, std::move(name), std::move(text), std::move(remedy)});
    }
    std::vector<Check> checks_;
};

enum class Configuration { kUsable, kBroken };

// Interpreter, packages, graphs. Graphs are loaded only with a usable configuration.
void checkProject(const config::Config& config, Configuration state, DoctorReport& report);
// Address and port, data folder, disk, database, time zones, file descriptors. Changes nothing.
void checkMachine(const config::Config& config, DoctorReport& report);

}  // namespace heddle::app
