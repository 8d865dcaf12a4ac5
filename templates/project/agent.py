"""An agent that needs no model key: it repeats what it is told, word by word. Put your own model in its place."""

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, MessagesState, StateGraph


async def answer(state: MessagesState):
    said = state["messages"][-1].content
    # A real one: `model = init_chat_model("openai:gpt-5-mini")` of langchain.chat_models, made once, outside of the
    # node. Name its package (langchain, langchain-openai) in requirements.txt and its key in .env.
    model = GenericFakeChatModel(messages=iter([AIMessage(f"You said: {said}")]))
    return {"messages": [await model.ainvoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("answer", answer)
builder.add_edge(START, "answer")
builder.add_edge("answer", END)
graph = builder.compile()
