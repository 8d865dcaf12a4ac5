// SPDX-License-Identifier: Apache-2.0
#include "store/namespaces.hpp"

#include <stdexcept>

namespace heddle::store {
namespace {

constexpr char kEscape = '\x1e';
constexpr char kEnd = '\x1f';

void appendEscaped(std::string& out, char c) {
    switch (c) {
        case kEscape:
            (out += kEscape) += '0';
            break;
        case kEnd:
            (out += kEscape) += '1';
            break;
        case '\0':
            (out += kEscape) += '2';
            break;
        default:
            out += c;
    }
}

char unescaped(char c) {
    switch (c) {
        case '0':
            return kEscape;
        case '1':
            return kEnd;
        case '2':
            return '\0';
        default:
            throw std::runtime_error("damaged row: a namespace");
    }
}

}  // namespace

std::string encodeNamespace(std::span<const std::string> labels) {
    std::string out;
    for (const std::string& label : labels) {
        for (const char c : label) appendEscaped(out, c);
        out += kEnd;
    }
    return out;
}

Namespace decodeNamespace(std::string_view text) {
    Namespace out;
    std::string label;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == kEnd) {
            out.push_back(std::move(label));
            label.clear();
        } else if (text[i] == kEscape && i + 1 < text.size()) {
            label += unescaped(text[++i]);
        } else {
            label += text[i];
        }
    }
    return out;
}

std::string afterNamespace(std::span<const std::string> prefix) {
    std::string out = encodeNamespace(prefix);
    out.back() = kEnd + 1;
    return out;
}

}  // namespace heddle::store
