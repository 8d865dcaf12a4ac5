// SPDX-License-Identifier: Apache-2.0
// What `heddle VERB --help` says of the settings' flags.
#pragma once

#include <string>
#include <vector>

namespace heddle::app {

struct FlagText {
    std::string flag;  // without "--"
    std::string help;  // plain text, with the default
    bool toggle = false;
    bool data_place = false;  // also of the verbs that only need to know where the database is
};

[[nodiscard]] std::vector<FlagText> flagTexts();

}  // namespace heddle::app
