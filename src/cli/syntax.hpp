// SPDX-License-Identifier: Apache-2.0
// The command line as plain values, read from the parser itself: what completions and the manual are made of,
// so that they never differ from what is parsed.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace heddle::cli {

struct Argument {
    enum class Value { kNone, kText, kFile, kFolder, kWord };

    std::vector<std::string> names;  // "-c", "--config"; empty: positional
    std::string placeholder;         // "CONFIG", or the positional's name
    std::string help;
    Value value = Value::kNone;      // what follows; kNone: a switch
    std::vector<std::string> words;  // of kWord
    bool required = false;
};

struct Verb {
    std::string name;
    std::string help;
    std::vector<Argument> arguments;
};

struct Syntax {
    std::vector<Argument> arguments;  // of the program itself
    std::vector<Verb> verbs;
};

// In the order in which they were added.
[[nodiscard]] Syntax syntaxOf(const CLI::App& program);

}  // namespace heddle::cli
