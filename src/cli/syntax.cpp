// SPDX-License-Identifier: Apache-2.0
#include "cli/syntax.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

namespace heddle::cli {
namespace {

// What the parser does not know about its values.
const std::map<std::string, Argument::Value, std::less<>>& kinds() {
    static const std::map<std::string, Argument::Value, std::less<>> table{
        {"CONFIG", Argument::Value::kFile}, {"DATA-DIR", Argument::Value::kFolder},
        {"PYTHON", Argument::Value::kFile}, {"API-KEYS-FILE", Argument::Value::kFile},
        {"FILE", Argument::Value::kFile},   {"FOLDER", Argument::Value::kFolder},
    };
    return table;
}

const std::map<std::string, std::vector<std::string>, std::less<>>& choices() {
    static const std::map<std::string, std::vector<std::string>, std::less<>> table{
        {"LOG-FORMAT", {"text", "json"}},
        {"LOG-LEVEL", {"debug", "info", "warning", "error"}},
        {"SHELL", {"bash", "zsh", "fish"}},
    };
    return table;
}

Argument argumentOf(const CLI::Option& option) {
    Argument out;
    for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
    out.placeholder = option.get_positional() ? option.get_name(true) : option.get_lnames().back();
    std::transform(out.placeholder.begin(), out.placeholder.end(), out.placeholder.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    out.help = option.get_description();
    out.required = option.get_required();
    if (option.get_items_expected_max() == 0) return out;
    out.value = Argument::Value::kText;
    if (const auto kind = kinds().find(out.placeholder); kind != kinds().end()) out.value = kind->second;
    if (const auto words = choices().find(out.placeholder); words != choices().end()) {
        out.value = Argument::Value::kWord;
        out.words = words->second;
    }
    return out;
}

std::vector<Argument> argumentsOf(const CLI::App& app) {
    std::vector<Argument> out;
    for (const auto* option : app.get_options()) {
        if (!option->get_group().empty()) out.push_back(argumentOf(*option));
    }
    return out;
}

}  // namespace

Syntax syntaxOf(const CLI::App& program) {
    Syntax out;
    out.arguments = argumentsOf(program);
    for (const auto* verb : program.get_subcommands({})) {
        if (verb->get_group().empty()) continue;
        out.verbs.push_back(Verb{verb->get_name(), verb->get_description(), argumentsOf(*verb)});
    }
    return out;
}

}  // namespace heddle::cli
