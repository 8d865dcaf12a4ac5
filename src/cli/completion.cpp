// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace heddle::cli {
namespace {

using Value = Argument::Value;

std::string join(const std::vector<std::string>& parts, std::string_view between) {
    std::string out;
    for (const auto& part : parts) {
        if (!out.empty()) out += between;
        out += part;
    }
    return out;
}

// For the inside of single quotes, with a backslash before each of `special`.
std::string quoted(std::string_view text, std::string_view special) {
    std::string out;
    for (const char letter : text) {
        if (letter == '\'') {
            out += "'\\''";
        } else {
            if (special.find(letter) != std::string_view::npos) out += '\\';
            out += letter;
        }
    }
    return out;
}

std::string verbNames(const Syntax& syntax, std::string_view between) {
    std::vector<std::string> names;
    for (const auto& verb : syntax.verbs) names.push_back(verb.name);
    return join(names, between);
}

// ---------------------------------------------------------------------------------------------------- bash

// What completes a value, "" where nothing can.
std::string bashValue(const Argument& argument) {
    switch (argument.value) {
        case Value::kFile:
            return "_heddle_files -f";
        case Value::kFolder:
            return "_heddle_files -d";
        case Value::kWord:
            return "_heddle_words '" + join(argument.words, " ") + "'";
        case Value::kText:
        case Value::kNone:
            return "";
    }
    return "";
}

std::string bashVerb(const std::string& name, const std::vector<Argument>& arguments, std::string words) {
    std::string values;
    std::string positional;
    for (const auto& argument : arguments) {
        if (argument.names.empty()) {
            positional = bashValue(argument);
            continue;
        }
        words += (words.empty() ? "" : " ") + join(argument.names, " ");
        if (argument.value == Value::kNone) continue;
        const std::string value = bashValue(argument);
        values += fmt::format("        {}) {}; return ;;\n", join(argument.names, " | "),
                              value.empty() ? ":" : value);
    }
    std::string out = fmt::format("    '{}')\n", name);
    if (!values.empty()) out += "      case $previous in\n" + values + "      esac\n";
    out += positional.empty()
               ? fmt::format("      _heddle_words '{}'\n", words)
               : fmt::format("      if [[ $word == -* ]]; then _heddle_words '{}'; else {}; fi\n", words,
                             positional);
    return out + "      ;;\n";
}

std::string bash(const Syntax& syntax) {
    std::string out = R"(# Completion of heddle for bash; made by `heddle completion bash`.
_heddle_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }

_heddle_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$word")
}

_heddle() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
)";
    out += fmt::format("      {}) verb=${{COMP_WORDS[i]}}; break ;;\n", verbNames(syntax, " | "));
    out += "    esac\n  done\n  case $verb in\n";
    out += bashVerb("", syntax.arguments, verbNames(syntax, " "));
    for (const auto& verb : syntax.verbs) out += bashVerb(verb.name, verb.arguments, "");
    return out + "  esac\n}\n\ncomplete -F _heddle heddle\n";
}

// ---------------------------------------------------------------------------------------------------- zsh

std::string zshValue(const Argument& argument) {
    switch (argument.value) {
        case Value::kNone:
            return "";
        case Value::kFile:
            return fmt::format(":{}:_files", argument.placeholder);
        case Value::kFolder:
            return fmt::format(":{}:_files -/", argument.placeholder);
        case Value::kWord:
            return fmt::format(":{}:({})", argument.placeholder, join(argument.words, " "));
        case Value::kText:
            return fmt::format(":{}:", argument.placeholder);
    }
    return "";
}

std::string zshArgument(const Argument& argument) {
    const std::string value = zshValue(argument);
    if (argument.names.empty()) return fmt::format("'1{}'", value);
    const std::string rest = fmt::format("'[{}]{}'", quoted(argument.help, "[]:\\"), value);
    if (argument.names.size() == 1) return argument.names.front() + rest;
    return fmt::format("'({})'{{{}}}{}", join(argument.names, " "), join(argument.names, ","), rest);
}

std::string zshArguments(const std::vector<Argument>& arguments) {
    std::string out = "_arguments";
    for (const auto& argument : arguments) out += " \\\n        " + zshArgument(argument);
    return out;
}

std::string zsh(const Syntax& syntax) {
    std::string out = R"(#compdef heddle
# Completion of heddle for zsh; made by `heddle completion zsh`.
_heddle() {
  local -a verbs
  verbs=(
)";
    for (const auto& verb : syntax.verbs) {
        out += fmt::format("    '{}:{}'\n", verb.name, quoted(verb.help, ":\\"));
    }
    out += "  )\n  if ((CURRENT == 2)); then\n    _describe command verbs\n    ";
    out += zshArguments(syntax.arguments) + "\n    return\n  fi\n";
    out += "  local verb=${words[2]}\n  shift words\n  ((CURRENT--))\n  case $verb in\n";
    for (const auto& verb : syntax.verbs) {
        out += fmt::format("    {})\n      {}\n      ;;\n", verb.name, zshArguments(verb.arguments));
    }
    // Sourced, it registers itself; found in fpath, it is the function's body and has to call it.
    return out + R"(  esac
}

if [[ ${funcstack[1]} == _heddle ]]; then _heddle "$@"; else compdef _heddle heddle; fi
)";
}

// ---------------------------------------------------------------------------------------------------- fish

std::string fishArgument(const Argument& argument, const std::string& condition) {
    if (argument.names.empty()) {
        if (argument.value == Value::kWord) {
            return fmt::format("complete -c heddle -n '{}' -a '{}'\n", condition, join(argument.words, " "));
        }
        if (argument.value == Value::kFolder) {
            return fmt::format("complete -c heddle -n '{}' -a '(__fish_complete_directories)'\n", condition);
        }
        return argument.value == Value::kText ? ""
                                              : fmt::format("complete -c heddle -n '{}' -F\n", condition);
    }
    std::string out = fmt::format("complete -c heddle -n '{}'", condition);
    for (const auto& name : argument.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (argument.value == Value::kFile) out += " -r -F";
    if (argument.value == Value::kFolder) out += " -x -a '(__fish_complete_directories)'";
    if (argument.value == Value::kWord) out += fmt::format(" -x -a '{}'", join(argument.words, " "));
    if (argument.value == Value::kText) out += " -x";
    return out + fmt::format(" -d '{}'\n", quoted(argument.help, "\\"));
}

std::string fish(const Syntax& syntax) {
    std::string out =
        "# Completion of heddle for fish; made by `heddle completion fish`.\ncomplete -c heddle -f\n";
    for (const auto& argument : syntax.arguments) out += fishArgument(argument, "__fish_use_subcommand");
    for (const auto& verb : syntax.verbs) {
        out += fmt::format("complete -c heddle -n '__fish_use_subcommand' -a {} -d '{}'\n", verb.name,
                           quoted(verb.help, "\\"));
        for (const auto& argument : verb.arguments) {
            out += fishArgument(argument, "__fish_seen_subcommand_from " + verb.name);
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> completionFor(std::string_view shell, const Syntax& syntax) {
    if (shell == "bash") return bash(syntax);
    if (shell == "zsh") return zsh(syntax);
    if (shell == "fish") return fish(syntax);
    return std::nullopt;
}

}  // namespace heddle::cli
