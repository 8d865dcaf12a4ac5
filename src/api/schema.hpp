// SPDX-License-Identifier: Apache-2.0
// Checks requests against the API document (OpenAPI 3.1), so that document and behaviour cannot drift.
// Compiled once at start; immutable and thread-safe afterwards. A refusal is kInvalid and names the field and
// the rule in one sentence; it repeats a value only if that is a short scalar.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::api {

struct SchemaNode;  // schema_node.hpp

using Parameters = std::span<const std::pair<std::string, std::string>>;

// What one operation of the document accepts. Unknown fields and parameters are ignored.
class Operation {
  public:
    // Looks into the body only as far as its schema says something: an `input: {}` is not descended into.
    [[nodiscard]] Result<void> validateBody(JsonView body) const;
    // Decoded pairs in order; a name may come several times (lists). Texts are read as the type the document
    // asks for: "true" and "false", numbers.
    [[nodiscard]] Result<void> validateQuery(Parameters query) const;
    [[nodiscard]] Result<void> validatePath(Parameters params) const;
    // May the body be left out? Then an empty one counts as {}.
    [[nodiscard]] bool bodyRequired() const { return body_required_; }

  private:
    friend class SchemaCompiler;
    struct Parameter {
        std::string name;
        bool required = false;
        const SchemaNode* schema = nullptr;
    };
    static Result<void> validate(const std::vector<Parameter>& declared, Parameters given);

    const SchemaNode* body_ = nullptr;  // nothing: no JSON body is described
    bool body_required_ = false;
    std::vector<Parameter> query_;
    std::vector<Parameter> path_;
};

class SchemaSet {
  public:
    // Throws std::runtime_error for a document that is not JSON, has a reference that leads nowhere or uses a
    // keyword or format that is not checked here.
    static SchemaSet compile(std::string_view openapi_json);

    SchemaSet(SchemaSet&&) noexcept;
    SchemaSet& operator=(SchemaSet&&) noexcept;
    ~SchemaSet();

    // `method` in either case, `path` as the document writes it: "/threads/{thread_id}/runs". Throws
    // std::logic_error when the document has no such operation: look it up at start, where routes are added.
    // The reference lives as long as the set.
    [[nodiscard]] const Operation& operation(std::string_view method, std::string_view path) const;
    // All of them as "POST /threads/{thread_id}/runs", sorted.
    [[nodiscard]] std::vector<std::string> operations() const;

    // The same in one step.
    [[nodiscard]] Result<void> validateBody(std::string_view path, std::string_view method,
                                            JsonView body) const;
    [[nodiscard]] Result<void> validateQuery(std::string_view path, std::string_view method,
                                             Parameters query) const;

  private:
    friend class SchemaCompiler;
    SchemaSet();
    std::map<std::string, Operation> operations_;
    std::vector<std::unique_ptr<SchemaNode>> nodes_;  // all schemas; they point at each other
};

}  // namespace heddle::api
