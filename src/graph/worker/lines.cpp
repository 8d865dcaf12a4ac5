// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/lines.hpp"

namespace heddle::graph {

void LineSplitter::give(std::string_view line) {
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) sink_(line);
}

void LineSplitter::feed(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const bool whole = end != std::string_view::npos;
        const std::string_view piece = text.substr(0, whole ? end : text.size());
        const std::size_t room = line_max_ - rest_.size();
        if (piece.size() > room) {
            rest_ += piece.substr(0, room);
            give(rest_);
            rest_.clear();
            text.remove_prefix(room);
            continue;
        }
        rest_ += piece;
        text.remove_prefix(piece.size() + (whole ? 1 : 0));
        if (whole) {
            give(rest_);
            rest_.clear();
        }
    }
}

void LineSplitter::finish() {
    give(rest_);
    rest_.clear();
}

}  // namespace heddle::graph
