// SPDX-License-Identifier: Apache-2.0
// `heddle doctor`: what a server would need, looked at without starting one.
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/doctor_report.hpp"
#include "base/json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

namespace heddle::app {
namespace {

const char* nameOf(Check::Level level) {
    switch (level) {
        case Check::Level::kOk:
            return "ok";
        case Check::Level::kWarning:
            return "warning";
        case Check::Level::kProblem:
            return "problem";
    }
    return "";
}

std::string counted(std::size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void checkConfiguration(const config::Loaded& loaded, DoctorReport& report) {
    using Severity = config::Finding::Severity;
    for (const auto& finding : loaded.findings) {
        auto text = finding.key + ": " + finding.text;
        if (finding.severity == Severity::kProblem) report.problem("configuration", std::move(text));
        if (finding.severity == Severity::kWarning) report.warning("configuration", std::move(text));
    }
    if (!loaded.usable()) return;
    const auto& path = loaded.config.config_path;
    report.ok("configuration", fmt::format("{}: {}", path.empty() ? "from the environment" : path,
                                           counted(loaded.config.graphs.size(), "graph")));
}

}  // namespace

std::size_t DoctorReport::count(Check::Level level) const {
    const auto same = [&](const Check& check) { return check.level == level; };
    return static_cast<std::size_t>(std::ranges::count_if(checks_, same));
}

std::string DoctorReport::text() const {
    std::string out;
    for (const auto& check : checks_) {
        out += fmt::format("{:<8} {:<14} {}\n", nameOf(check.level), check.name, check.text);
        if (!check.remedy.empty()) out += fmt::format("{:<23} -> {}\n", "", check.remedy);
    }
    const auto problems = count(Check::Level::kProblem);
    const auto warnings = count(Check::Level::kWarning);
    out += problems + warnings == 0
               ? std::string("everything is fine\n")
               : counted(problems, "problem") + ", " + counted(warnings, "warning") + "\n";
    return out;
}

std::string DoctorReport::json() const {
    JsonWriter out;
    out.beginObject().key("ok").boolean(count(Check::Level::kProblem) == 0).key("checks").beginArray();
    for (const auto& check : checks_) {
        out.beginObject().key("check").string(check.name).key("level").string(nameOf(check.level));
        out.key("text").string(check.text).key("remedy");
        if (check.remedy.empty()) {
            out.null();
        } else {
            out.string(check.remedy);
        }
        out.endObject();
    }
    return out.endArray().endObject().take() + "\n";
}

int doctor(const Invocation& invocation, bool json) {
    const auto loaded = config::load(sourcesOf(invocation));
    DoctorReport report;
    checkConfiguration(loaded, report);
    checkProject(loaded.config, loaded.usable() ? Configuration::kUsable : Configuration::kBroken, report);
    checkMachine(loaded.config, report);
    fmt::print("{}", json ? report.json() : report.text());
    return report.count(Check::Level::kProblem) == 0 ? 0 : 1;
}

}  // namespace heddle::app
