// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.hpp"

#include "embedded/manual_page.hpp"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace heddle::cli {
namespace {

// Text that roff takes literally; hyphens stay what is typed.
std::string plain(std::string_view text) {
    std::string out;
    if (!text.empty() && (text.front() == '.' || text.front() == '\'')) out += "\\&";
    for (const char letter : text) {
        if (letter == '\\') {
            out += "\\e";
        } else if (letter == '-') {
            out += "\\-";
        } else {
            out += letter;
        }
    }
    return out;
}

std::string argumentEntry(const Argument& argument) {
    std::string names;
    for (const auto& name : argument.names) {
        names += (names.empty() ? "" : ", ") + fmt::format("\\fB{}\\fR", plain(name));
    }
    if (argument.value != Argument::Value::kNone) {
        names += (names.empty() ? "" : " ") + fmt::format("\\fI{}\\fR", plain(argument.placeholder));
    }
    return fmt::format(".TP\n{}\n{}\n", names, plain(argument.help));
}

std::string usageOf(const Verb& verb) {
    std::string out = fmt::format("\\fBheddle {}\\fR", plain(verb.name));
    if (verb.arguments.size() > 1) out += " [\\fIOPTIONS\\fR]";
    for (const auto& argument : verb.arguments) {
        if (!argument.names.empty()) continue;
        const std::string name = fmt::format("\\fI{}\\fR", plain(argument.placeholder));
        out += argument.required ? " " + name : " [" + name + "]";
    }
    return out;
}

bool isHelp(const Argument& argument) {
    return !argument.names.empty() && argument.names.back() == "--help";
}

std::string commands(const Syntax& syntax) {
    std::string out;
    for (const auto& verb : syntax.verbs) {
        out += fmt::format(".SS {}\n{}.\n", usageOf(verb), plain(verb.help));
        for (const auto& argument : verb.arguments) {
            if (!isHelp(argument)) out += argumentEntry(argument);
        }
    }
    return out;
}

std::string options(const Syntax& syntax) {
    std::string out;
    for (const auto& argument : syntax.arguments) out += argumentEntry(argument);
    return out;
}

void put(std::string& page, std::string_view mark, const std::string& text) {
    if (const auto at = page.find(mark); at != std::string::npos) page.replace(at, mark.size(), text);
}

}  // namespace

std::string manualPage(const Syntax& syntax, std::string_view version) {
    std::string page(embedded::manualPage());
    put(page, "@VERSION@", plain(version));
    put(page, "@OPTIONS@\n", options(syntax));
    put(page, "@COMMANDS@\n", commands(syntax));
    return page;
}

}  // namespace heddle::cli
