# SPDX-License-Identifier: Apache-2.0
"""An agent: a model and a tool in a loop. Ask it "what is 6 * 7?"."""

from fake_model import FakeChatModel, calculate
from langchain_core.messages import ToolMessage
from langgraph.graph import END, START, MessagesState, StateGraph

model = FakeChatModel()


async def think(state: MessagesState):
    return {"messages": [await model.ainvoke(state["messages"])]}


def use_tools(state: MessagesState):
    calls = state["messages"][-1].tool_calls
    return {"messages": [ToolMessage(str(calculate(**call["args"])), tool_call_id=call["id"]) for call in calls]}


def wants_tools(state: MessagesState) -> str:
    return "tools" if state["messages"][-1].tool_calls else END


builder = StateGraph(MessagesState)
builder.add_node("model", think)
builder.add_node("tools", use_tools)
builder.add_edge(START, "model")
builder.add_conditional_edges("model", wants_tools, ["tools", END])
builder.add_edge("tools", "model")
graph = builder.compile(name="agent")
