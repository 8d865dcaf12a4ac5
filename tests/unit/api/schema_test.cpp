// SPDX-License-Identifier: Apache-2.0
#include "api/schema.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace heddle::api {
namespace {

constexpr std::string_view kDocument = R"({
  "openapi": "3.1.0",
  "paths": {
    "/threads/{thread_id}/runs": {
      "parameters": [{"$ref": "#/components/parameters/ThreadId"}],
      "post": {
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}}
      },
      "get": {
        "parameters": [
          {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}},
          {"name": "status", "in": "query", "schema": {"enum": ["pending", "success"]}},
          {"name": "wait", "in": "query", "required": true, "schema": {"type": "boolean"}},
          {"name": "select", "in": "query", "schema": {"type": "array", "items": {"enum": ["run_id", "status"]}}},
          {"name": "since", "in": "query", "schema": {"anyOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]}}
        ]
      }
    }
  },
  "components": {
    "parameters": {"ThreadId": {"name": "thread_id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}},
    "schemas": {
      "Mode": {"type": "string", "enum": ["values", "messages", "events"]},
      "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                                                "name": {"type": "string"}}},
      "Run": {
        "type": "object", "title": "Run", "x-internal": 1,
        "required": ["assistant_id"],
        "properties": {
          "assistant_id": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "minLength": 1}]},
          "input": {"description": "any"},
          "stream_mode": {"anyOf": [{"$ref": "#/components/schemas/Mode"},
                                    {"type": "array", "minItems": 1, "maxItems": 3, "items": {"$ref": "#/components/schemas/Mode"}},
                                    {"type": "null"}]},
          "metadata": {"type": ["object", "null"], "additionalProperties": true},
          "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
          "after_seconds": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10.5},
          "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
          "webhook": {"type": ["string", "null"], "format": "uri-reference"},
          "end_time": {"type": "string", "format": "date-time"},
          "version": {"const": 2},
          "command": {"type": "object", "additionalProperties": false, "properties": {"goto": {"type": "string"}}},
          "tree": {"$ref": "#/components/schemas/Tree"},
          "one": {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}, {"type": "boolean"}]},
          "both": {"allOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]}
        }
      }
    }
  }
})";

const SchemaSet& schemas() {
    static const auto set = SchemaSet::compile(kDocument);
    return set;
}

const Operation& createRun() {
    return schemas().operation("POST", "/threads/{thread_id}/runs");
}

const Operation& listRuns() {
    return schemas().operation("get", "/threads/{thread_id}/runs");
}

// What is wrong with a run that has these fields besides its assistant; "" when nothing is.
std::string bodyError(std::string_view fields) {
    const auto body = RawJson::parse("{\"assistant_id\":\"agent\"," + std::string(fields) + "}").value();
    const auto result = createRun().validateBody(body.view());
    return result ? "" : result.error().detail;
}

struct Case {
    std::string name;
    std::string fields;
    std::string error;
};

void PrintTo(const Case& row, std::ostream* out) {
    *out << row.name;
}

class SchemaBody : public testing::TestWithParam<Case> {};

TEST_P(SchemaBody, SaysWhatIsWrongInOneSentence) {
    EXPECT_EQ(bodyError(GetParam().fields), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Api, SchemaBody,
    testing::Values(
        Case{"Enum", R"("stream_mode":["values","xx"])",
             R"(stream_mode[1]: "xx" is not one of "values", "messages", "events")"},
        Case{"EnumAlone", R"("stream_mode":"xx")",
             R"(stream_mode: "xx" is not one of "values", "messages", "events")"},
        Case{"EscapedEnum", R"("stream_mode":"v\u0061lues")", ""},
        Case{"NoBranch", R"("stream_mode":5)",
             R"(stream_mode: 5 is not of type "string" or "array" or "null")"},
        Case{"TooFewItems", R"("stream_mode":[])", "stream_mode has fewer than 1 elements"},
        Case{"TooManyItems", R"("stream_mode":["values","values","values","values"])",
             "stream_mode has more than 3 elements"},
        Case{"NullBranch", R"("stream_mode":null)", ""}, Case{"NullableObject", R"("metadata":null)", ""},
        Case{"WrongObject", R"("metadata":[1,2])", R"(metadata: a list is not of type "object" or "null")"},
        Case{"LongStringIsNotEchoed", R"("metadata":"hunter2 hunter2 hunter2 hunter2 hunter2 hunter2")",
             R"(metadata: the string is not of type "object" or "null")"},
        Case{"AdditionalSchema", R"("labels":{"a":"abcd"})", "labels.a is longer than 3 characters"},
        Case{"LengthCountsCharacters", "\"labels\":{\"a\":\"\xC3\xA9\xC3\xA9\xC3\xA9\"}", ""},
        Case{"Minimum", R"("limit":0)", "limit: 0 is less than the minimum of 1"},
        Case{"Maximum", R"("limit":1001)", "limit: 1001 is greater than the maximum of 1000"},
        Case{"WholeFloat", R"("limit":10.0)", ""},
        Case{"Fraction", R"("limit":1.5)", R"(limit: 1.5 is not of type "integer")"},
        Case{"HugeInteger", R"("limit":18446744073709551616)",
             R"(limit: 18446744073709551616 is not of type "integer")"},
        Case{"ExclusiveMinimum", R"("after_seconds":0)", "after_seconds: 0 is not greater than 0"},
        Case{"ExclusiveMaximum", R"("after_seconds":10.5)", "after_seconds: 10.5 is not less than 10.500000"},
        Case{"IntegerIsANumber", R"("after_seconds":3)", ""},
        Case{"EmptyUrl", R"("webhook":"")", "webhook: the URL is empty"},
        Case{"NoUrl", R"("webhook":null)", ""}, Case{"RelativeUrl", R"("webhook":"/ok?token=x")", ""},
        Case{"DateTime", R"("end_time":"2026-11-23")",
             R"(end_time: "2026-11-23" is not a date-time with a time zone (RFC 3339))"},
        Case{"GoodDateTime", R"("end_time":"2026-11-23T00:00:00Z")", ""},
        Case{"Const", R"("version":1)", "version: 1 is not 2"}, Case{"ConstAsFloat", R"("version":2.0)", ""},
        Case{"ClosedObject", R"("command":{"gogo":"x"})", "command.gogo is not a known property"},
        Case{"NestedType", R"("command":{"goto":5})", R"(command.goto: 5 is not of type "string")"},
        Case{"Recursion", R"("tree":{"children":[{"children":[{"name":1}]}]})",
             R"(tree.children[0].children[0].name: 1 is not of type "string")"},
        Case{"OneOfNone", R"("one":{})", "one.a is a required property"},
        Case{"OneOfTwo", R"("one":{"a":1,"b":2})", "one matches more than one of the allowed forms"},
        Case{"OneOfOne", R"("one":{"b":2})", ""},
        Case{"AllOf", R"("both":{"a":1})", "both.b is a required property"},
        Case{"AnyInput", R"("input":{"limit":"x","deep":[[[{}]]]})", ""},
        Case{"UnknownField", R"("nope":1)", ""}, Case{"LastDuplicateCounts", R"("limit":0,"limit":5)", ""},
        Case{"KeyWithControlCharacter", R"("labels":{"a\nb":1})",
             R"(labels.a\nb: 1 is not of type "string")"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(SchemaSet, NamesTheBodyItselfWhenItIsWrong) {
    const auto check = [](std::string_view body) {
        return createRun().validateBody(JsonView::trusted(body)).error().detail;
    };
    EXPECT_EQ(check("[]"), R"(body: [] is not of type "object")");
    EXPECT_EQ(check("\"x\""), R"(body: "x" is not of type "object")");
    EXPECT_EQ(check("{}"), "assistant_id is a required property");
    EXPECT_EQ(check(R"({"assistant_id":5})"), R"(assistant_id: 5 is not of type "string")");
    EXPECT_EQ(check(R"({"assistant_id":null})"), R"(assistant_id: null is not of type "string")");
    EXPECT_EQ(check(R"({"assistant_id":""})"), R"(assistant_id: "" is not a UUID)");
    EXPECT_TRUE(createRun().bodyRequired());
    EXPECT_EQ(createRun().validateBody(JsonView::trusted("[]")).error().kind, ProblemKind::kInvalid);
}

std::string queryError(std::vector<std::pair<std::string, std::string>> query) {
    query.emplace_back("wait", "true");
    const auto result = listRuns().validateQuery(query);
    return result ? "" : result.error().detail;
}

TEST(SchemaQuery, ReadsTextsAsTheTypesOfTheDocument) {
    EXPECT_EQ(queryError({{"limit", "10"}, {"status", "success"}, {"other", "x"}}), "");
    EXPECT_EQ(queryError({{"limit", "0"}}), "limit: 0 is less than the minimum of 1");
    EXPECT_EQ(queryError({{"limit", "ten"}}), R"(limit: "ten" is not of type "integer")");
    EXPECT_EQ(queryError({{"limit", ""}}), R"(limit: "" is not of type "integer")");
    EXPECT_EQ(queryError({{"limit", "1e400"}}), R"(limit: "1e400" is not of type "integer")");
    EXPECT_EQ(queryError({{"status", "nope"}}), R"(status: "nope" is not one of "pending", "success")");
    EXPECT_EQ(queryError({{"since", "5"}}), "");
    EXPECT_EQ(queryError({{"since", "2026-11-23T00:00:00Z"}}), "");
    EXPECT_NE(queryError({{"since", "soon"}}), "");
}

TEST(SchemaQuery, CollectsListsAlsoOfOneElement) {
    EXPECT_EQ(queryError({{"select", "run_id"}}), "");
    EXPECT_EQ(queryError({{"select", "run_id"}, {"limit", "1"}, {"select", "status"}}), "");
    EXPECT_EQ(queryError({{"select", "run_id"}, {"select", "x"}}),
              R"(select[1]: "x" is not one of "run_id", "status")");
}

TEST(SchemaQuery, AsksForRequiredParametersAndBooleans) {
    const auto check = [](std::vector<std::pair<std::string, std::string>> query) {
        const auto result = listRuns().validateQuery(query);
        return result ? "" : result.error().detail;
    };
    EXPECT_EQ(check({}), "wait is a required parameter");
    EXPECT_EQ(check({{"wait", "False"}}), "");
    EXPECT_EQ(check({{"wait", "yes"}}), R"(wait: "yes" is not of type "boolean")");
}

TEST(SchemaPath, ChecksParametersThatTheDocumentSharesByReference) {
    const std::vector<std::pair<std::string, std::string>> good = {
        {"thread_id", "046b5dc7-2108-582c-9c6c-31d556d138f0"}};
    const std::vector<std::pair<std::string, std::string>> bad = {{"thread_id", "not-a-uuid"}};
    EXPECT_TRUE(createRun().validatePath(good));
    EXPECT_EQ(createRun().validatePath(bad).error().detail, R"(thread_id: "not-a-uuid" is not a UUID)");
}

TEST(SchemaSet, ListsItsOperationsAndThrowsForOthers) {
    EXPECT_EQ(schemas().operations(),
              (std::vector<std::string>{"GET /threads/{thread_id}/runs", "POST /threads/{thread_id}/runs"}));
    EXPECT_THROW(static_cast<void>(schemas().operation("DELETE", "/threads/{thread_id}/runs")),
                 std::logic_error);
    EXPECT_TRUE(schemas().validateBody("/threads/{thread_id}/runs", "POST",
                                       JsonView::trusted(R"({"assistant_id":"a"})")));
}

TEST(SchemaSet, CompilesOurOwnDocument) {
    std::ifstream file(std::string(HEDDLE_TEST_SOURCE_DIR) + "/config/openapi.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto set = SchemaSet::compile(text);
    EXPECT_FALSE(set.operations().empty());
    EXPECT_TRUE(set.operation("POST", "/runs/wait").bodyRequired());
}

TEST(SchemaSet, RefusesADocumentItCannotEnforce) {
    const auto with = [](std::string_view schema) {
        return R"({"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":)" +
               std::string(schema) + "}}}}}}}";
    };
    EXPECT_NO_THROW(SchemaSet::compile(with("{}")));
    for (const std::string_view schema :
         {R"({"pattern":"^a"})", R"({"type":"string","format":"email"})", R"({"type":"text"})",
          R"({"not":{}})", R"({"nullable":true})", R"({"$ref":"#/components/schemas/Nope"})",
          R"({"$ref":"other.json"})", R"({"properties":{"a":{"uniqueItems":true}}})", R"({"minLength":"x"})",
          "5"}) {
        EXPECT_THROW(SchemaSet::compile(with(schema)), std::runtime_error) << schema;
    }
    EXPECT_THROW(SchemaSet::compile("{"), std::runtime_error);
    EXPECT_THROW(SchemaSet::compile("{}"), std::runtime_error);
}

}  // namespace
}  // namespace heddle::api
