// SPDX-License-Identifier: Apache-2.0
// The plain C interface between Heddle and a shared library of graphs. Programs include <heddle/graph.hpp>,
// which is written over it; this file is for other languages and for whoever wants to know what is called.
//
// A library has two functions for a graph NAME (langgraph.json: "./lib.so:NAME"):
//     uint32_t NAME_heddle_abi(void);          HEDDLE_ABI_VERSION, asked before anything else is called
//     const heddle_graph* NAME(void);          called once for each graph of langgraph.json that names it
// What they return stays valid and unchanged until the process exits. Texts are UTF-8, with their size and
// without an ending zero. No exception may leave a function, on either side. A version is never changed: what
// comes later is another version, or stands behind what is here (`size` says how much there is).
#pragma once

#include <cstddef>
#include <cstdint>

#define HEDDLE_ABI_VERSION 1u

extern "C" {

typedef struct heddle_text {
    const char* data;
    std::size_t size;
} heddle_text;

// What functions of both sides return.
typedef enum heddle_status : std::int32_t {
    HEDDLE_OK = 0,
    HEDDLE_STOPPED = 1,  // the node is to end at once: cancelled, or it asked a question
    HEDDLE_FAILED = 2,   // a node or route: said with heddle_answer.fail. A function of heddle_run: no JSON
} heddle_status;

// How a node or a route gives its answer: one of the two functions is called, once, before it returns. Both
// copy.
typedef struct heddle_answer {
    void* to;
    // JSON of a node's update (an object or null), or the name that a route chose.
    void (*give)(void* to, heddle_text text);
    void (*fail)(void* to, heddle_text type, heddle_text message);
} heddle_answer;

// A run, during one call of a node. Its functions are called on the thread of that call only; all of them may
// wait but cancelled(). The texts are valid until the node returns.
typedef struct heddle_run {
    std::size_t size;  // of this struct
    void* of;          // the first argument of its functions
    heddle_text node;  // the name of the node that is called
    heddle_text state;
    heddle_text input;
    heddle_text config;
    heddle_text context;
    heddle_status (*emit)(void* of, heddle_text json);
    // HEDDLE_OK: the answer is in `answer`, valid until the node returns.
    heddle_status (*interrupt)(void* of, heddle_text question, heddle_text* answer);
    heddle_status (*sleep)(void* of, std::int64_t microseconds);
    std::int32_t (*cancelled)(void* of);  // 0 or 1
} heddle_run;

typedef struct heddle_node {
    heddle_text name;
    void* self;  // the first argument of `call`, as in heddle_branch
    // On any thread, for several runs at once.
    heddle_status (*call)(void* self, const heddle_run* run, const heddle_answer* answer);
} heddle_node;

typedef struct heddle_edge {
    heddle_text from;  // a node's name or "__start__"
    heddle_text to;    // a node's name or "__end__"
} heddle_edge;

// Conditional edges: `route` names the next node for a state.
typedef struct heddle_branch {
    heddle_text from;
    const heddle_text* targets;  // what it may choose
    std::size_t target_count;    // 0: any node, and "__end__"
    void* self;
    heddle_status (*route)(void* self, heddle_text state, const heddle_answer* answer);
} heddle_branch;

typedef struct heddle_graph {
    std::size_t size;   // of this struct
    heddle_text error;  // not empty: the graph could not be made, and the rest is empty
    const heddle_node* nodes;
    std::size_t node_count;
    const heddle_edge* edges;
    std::size_t edge_count;
    const heddle_branch* branches;
    std::size_t branch_count;
    const heddle_text* appended;  // keys of the state whose lists grow instead of being replaced
    std::size_t appended_count;
} heddle_graph;

typedef std::uint32_t (*heddle_abi_function)(void);
typedef const heddle_graph* (*heddle_graph_function)(void);
}
