// SPDX-License-Identifier: Apache-2.0
#include "api/schema.hpp"

#include "api/schema_node.hpp"

#include <algorithm>
#include <stdexcept>

namespace heddle::api {
namespace {

Result<void> resultOf(const std::optional<SchemaError>& error) {
    if (!error) return {};
    return Problem::invalid((error->path.empty() ? "body" : error->path) + error->text);
}

std::string cased(std::string_view text, char from, char to, int shift) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [&](char c) { return c >= from && c <= to ? static_cast<char>(c + shift) : c; });
    return out;
}

// A parameter's text as the JSON value that the schema asks for, or as a string.
RawJson valueOf(const std::string& text, unsigned types) {
    if ((types & (kIntegerBit | kNumberBit)) != 0) {
        auto number = RawJson::parse(text);
        if (number && number->view().type() == JsonType::kNumber) return *std::move(number);
    }
    if ((types & kBooleanBit) != 0) {
        const auto word = cased(text, 'A', 'Z', 'a' - 'A');
        if (word == "true" || word == "1") return RawJson::trusted("true");
        if (word == "false" || word == "0") return RawJson::trusted("false");
    }
    return RawJson::trusted(jsonString(text));
}

// The types of a list parameter's elements.
unsigned elementTypes(const SchemaNode& node) {
    if (node.items != nullptr) return acceptedTypes(*node.items);
    if (node.reference != nullptr) return elementTypes(*node.reference);
    unsigned types = 0;
    for (const auto* branches : {&node.any_of, &node.one_of, &node.all_of}) {
        for (const auto* branch : *branches) types |= elementTypes(*branch);
    }
    return types;
}

}  // namespace

Result<void> Operation::validateBody(JsonView body) const {
    if (body_ == nullptr) return {};
    return resultOf(checkSchema(*body_, body, ""));
}

Result<void> Operation::validateQuery(Parameters query) const {
    return validate(query_, query);
}

Result<void> Operation::validatePath(Parameters params) const {
    return validate(path_, params);
}

Result<void> Operation::validate(const std::vector<Parameter>& declared, Parameters given) {
    for (const auto& parameter : declared) {
        std::vector<const std::string*> texts;
        for (const auto& [name, text] : given) {
            if (name == parameter.name) texts.push_back(&text);
        }
        if (texts.empty()) {
            if (parameter.required) return Problem::invalid(parameter.name + " is a required parameter");
            continue;
        }
        const auto types = acceptedTypes(*parameter.schema);
        auto value = valueOf(*texts.front(), types);
        const bool scalar_fits = !checkSchema(*parameter.schema, value.view(), parameter.name);
        if ((types & kArrayBit) != 0 && !(texts.size() == 1 && scalar_fits)) {
            JsonWriter list;
            list.beginArray();
            for (const auto* text : texts) list.raw(valueOf(*text, elementTypes(*parameter.schema)));
            value = RawJson::trusted(list.endArray().take());
        }
        if (auto result = resultOf(checkSchema(*parameter.schema, value.view(), parameter.name)); !result)
            return result;
    }
    return {};
}

SchemaSet::SchemaSet() = default;
SchemaSet::SchemaSet(SchemaSet&&) noexcept = default;
SchemaSet& SchemaSet::operator=(SchemaSet&&) noexcept = default;
SchemaSet::~SchemaSet() = default;

const Operation& SchemaSet::operation(std::string_view method, std::string_view path) const {
    const auto name = cased(method, 'A', 'Z', 'a' - 'A') + " " + std::string(path);
    const auto found = operations_.find(name);
    if (found == operations_.end()) throw std::logic_error("the API document has no operation " + name);
    return found->second;
}

std::vector<std::string> SchemaSet::operations() const {
    std::vector<std::string> names;
    for (const auto& [name, operation] : operations_) {
        const auto space = name.find(' ');
        names.push_back(cased(name.substr(0, space), 'a', 'z', 'A' - 'a') + name.substr(space));
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> SchemaSet::validateBody(std::string_view path, std::string_view method, JsonView body) const {
    return operation(method, path).validateBody(body);
}

Result<void> SchemaSet::validateQuery(std::string_view path, std::string_view method,
                                      Parameters query) const {
    return operation(method, path).validateQuery(query);
}

}  // namespace heddle::api
