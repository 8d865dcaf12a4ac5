// SPDX-License-Identifier: Apache-2.0
// From the API document to SchemaNodes.
#include "api/schema.hpp"
#include "api/schema_node.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace heddle::api {
namespace {

// Keywords that say nothing about what is accepted.
constexpr std::array<std::string_view, 11> kAnnotations = {
    "title",    "description", "default",  "example",      "examples",      "deprecated",
    "readOnly", "writeOnly",   "$comment", "externalDocs", "discriminator",
};
constexpr std::array<std::string_view, 7> kMethods = {"get",   "head",   "post",   "put",
                                                      "patch", "delete", "options"};

bool isOneOf(std::span<const std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
    throw std::runtime_error("API document: " + where + ": " + what);
}

unsigned typeBit(const std::string& name, const std::string& where) {
    if (name == "null") return kNullBit;
    if (name == "boolean") return kBooleanBit;
    if (name == "integer") return kIntegerBit;
    if (name == "number") return kNumberBit;
    if (name == "string") return kStringBit;
    if (name == "array") return kArrayBit;
    if (name == "object") return kObjectBit;
    fail(where, "unknown type " + name);
}

SchemaFormat formatOf(const std::string& name, const std::string& where) {
    if (name == "uuid") return SchemaFormat::kUuid;
    if (name == "date-time") return SchemaFormat::kDateTime;
    if (name == "uri-reference" || name == "uri") return SchemaFormat::kUriReference;
    fail(where, "unsupported format " + name);
}

}  // namespace

class SchemaCompiler {
  public:
    explicit SchemaCompiler(const Json& document) : document_(document) {}

    SchemaSet compile() {
        for (const auto& [path, item] : document_.at("paths").items()) {
            for (const auto& [method, operation] : item.items()) {
                if (isOneOf(kMethods, method)) {
                    set_.operations_.emplace(method + " " + path,
                                             compileOperation(item, operation, method + " " + path));
                } else if (method != "parameters" && method != "summary" && method != "description") {
                    fail(path, "unsupported keyword " + method);
                }
            }
        }
        return std::move(set_);
    }

  private:
    // `json` itself or what its $ref names.
    const Json& resolve(const Json& json, const std::string& where) const {
        if (!json.contains("$ref")) return json;
        const auto reference = json.at("$ref").get<std::string>();
        if (!reference.starts_with("#/")) fail(where, "unsupported reference " + reference);
        const Json::json_pointer pointer(reference.substr(1));
        if (!document_.contains(pointer)) fail(where, "reference leads nowhere: " + reference);
        return document_.at(pointer);
    }

    Operation compileOperation(const Json& item, const Json& json, const std::string& where) {
        Operation operation;
        for (const auto* holder : {&item, &json}) {
            if (!holder->contains("parameters")) continue;
            for (const auto& parameter : holder->at("parameters"))
                compileParameter(parameter, operation, where);
        }
        if (!json.contains("requestBody")) return operation;
        const auto& body = resolve(json.at("requestBody"), where);
        operation.body_required_ = body.value("required", false);
        const auto& content = body.at("content");
        if (!content.contains("application/json")) fail(where, "only application/json bodies are supported");
        operation.body_ = compileNode(content.at("application/json").at("schema"), where + " body");
        return operation;
    }

    void compileParameter(const Json& given, Operation& operation, const std::string& where) {
        const auto& json = resolve(given, where);
        Operation::Parameter parameter;
        parameter.name = json.at("name").get<std::string>();
        parameter.required = json.value("required", false);
        parameter.schema = compileNode(json.at("schema"), where + " " + parameter.name);
        const auto place = json.at("in").get<std::string>();
        if (place == "query") {
            operation.query_.push_back(std::move(parameter));
        } else if (place == "path") {
            operation.path_.push_back(std::move(parameter));
        }
    }

    SchemaNode* newNode() {
        set_.nodes_.push_back(std::make_unique<SchemaNode>());
        return set_.nodes_.back().get();
    }

    const SchemaNode* compileReference(const Json& json, const std::string& where) {
        const auto name = json.at("$ref").get<std::string>();
        const auto known = references_.find(name);
        if (known != references_.end()) return known->second;
        auto* const node = newNode();
        references_.emplace(name, node);  // before its inside, which may name it again
        fill(*node, resolve(json, where), name);
        return node;
    }

    const SchemaNode* compileNode(const Json& json, const std::string& where) {
        if (json.is_object() && json.size() == 1 && json.contains("$ref"))
            return compileReference(json, where);
        auto* const node = newNode();
        fill(*node, json, where);
        return node;
    }

    std::vector<const SchemaNode*> compileList(const Json& json, const std::string& where) {
        std::vector<const SchemaNode*> nodes;
        for (const auto& branch : json) nodes.push_back(compileNode(branch, where));
        return nodes;
    }

    void fill(SchemaNode& node, const Json& json, const std::string& where) {
        if (json == true) return;
        if (!json.is_object()) fail(where, "a schema must be an object");
        for (const auto& [keyword, value] : json.items()) {
            const auto here = where + "/" + keyword;
            if (!fillStructure(node, keyword, value, here) && !fillScalar(node, keyword, value, here) &&
                !isOneOf(kAnnotations, keyword) && !keyword.starts_with("x-")) {
                fail(where, "unsupported keyword " + keyword);
            }
        }
    }

    // Keywords that hold schemas. False: not one of them.
    bool fillStructure(SchemaNode& node, const std::string& keyword, const Json& value,
                       const std::string& where) {
        if (keyword == "$ref") {
            node.reference = compileReference(Json{{"$ref", value}}, where);
        } else if (keyword == "anyOf") {
            node.any_of = compileList(value, where);
        } else if (keyword == "oneOf") {
            node.one_of = compileList(value, where);
        } else if (keyword == "allOf") {
            node.all_of = compileList(value, where);
        } else if (keyword == "items") {
            node.items = compileNode(value, where);
        } else if (keyword == "properties") {
            for (const auto& [name, schema] : value.items())
                node.properties[name] = compileNode(schema, where + "/" + name);
        } else if (keyword == "additionalProperties") {
            node.closed = value == false;
            if (value.is_object() && !value.empty()) node.additional = compileNode(value, where);
        } else {
            return false;
        }
        return true;
    }

    static bool fillScalar(SchemaNode& node, const std::string& keyword, const Json& value,
                           const std::string& where) {
        const auto size = [&] { return value.get<std::size_t>(); };
        if (keyword == "type") {
            node.types = 0;
            if (value.is_string()) node.types = typeBit(value.get<std::string>(), where);
            for (const auto& name : value.is_array() ? value : Json::array())
                node.types |= typeBit(name.get<std::string>(), where);
        } else if (keyword == "enum") {
            for (const auto& choice : value) node.values.push_back(RawJson::trusted(dumpJson(choice)));
        } else if (keyword == "const") {
            node.values.push_back(RawJson::trusted(dumpJson(value)));
        } else if (keyword == "required") {
            node.required = value.get<std::vector<std::string>>();
        } else if (keyword == "minItems") {
            node.items_min = size();
        } else if (keyword == "maxItems") {
            node.items_max = size();
        } else if (keyword == "minLength") {
            node.length_min = size();
        } else if (keyword == "maxLength") {
            node.length_max = size();
        } else if (keyword == "format") {
            node.format = formatOf(value.get<std::string>(), where);
        } else {
            return fillBound(node, keyword, value);
        }
        return true;
    }

    static bool fillBound(SchemaNode& node, const std::string& keyword, const Json& value) {
        if (keyword == "minimum") {
            node.minimum = value.get<double>();
        } else if (keyword == "maximum") {
            node.maximum = value.get<double>();
        } else if (keyword == "exclusiveMinimum") {
            node.minimum_exclusive = value.get<double>();
        } else if (keyword == "exclusiveMaximum") {
            node.maximum_exclusive = value.get<double>();
        } else {
            return false;
        }
        return true;
    }

    const Json& document_;
    SchemaSet set_;
    std::map<std::string, const SchemaNode*> references_;
};

SchemaSet SchemaSet::compile(std::string_view openapi_json) {
    const auto document = parseJson(openapi_json);
    if (!document) fail("the whole", document.error().detail);
    try {
        return SchemaCompiler(*document).compile();
    } catch (const Json::exception& error) {
        fail("its shape", error.what());
    }
}

}  // namespace heddle::api
