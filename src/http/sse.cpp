// SPDX-License-Identifier: Apache-2.0
#include "http/sse.hpp"

#include <stdexcept>

namespace heddle::http {
namespace {

void requireOneLine(std::string_view text, const char* what) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        throw std::invalid_argument(std::string("a server-sent event's ") + what + " must be one line");
    }
}

}  // namespace

std::string sseFrame(std::string_view event, std::string_view data, std::string_view id) {
    requireOneLine(event, "name");
    requireOneLine(id, "id");
    std::string frame;
    frame.reserve(event.size() + data.size() + id.size() + 27);
    frame += "event: ";
    frame += event;
    frame += "\r\ndata: ";
    frame += data;
    frame += "\r\n";
    if (!id.empty()) {
        frame += "id: ";
        frame += id;
        frame += "\r\n";
    }
    frame += "\r\n";
    return frame;
}

}  // namespace heddle::http
