# SPDX-License-Identifier: Apache-2.0
"""A chat model that needs no key. It streams its answers word by word, as real ones do, and can ask for a tool."""

import ast
import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

_SUM = re.compile(r"\d+(?:\s*[-+*]\s*\d+)+")


class FakeChatModel(BaseChatModel):
    """Calls the tool ``calculate`` when it sees a sum such as 2 + 3, and repeats anything else."""

    seconds_per_word: float = 0.02

    @property
    def _llm_type(self) -> str:
        return "fake"

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        last = messages[-1]
        if isinstance(last, ToolMessage):
            return AIMessage(f"The answer is {last.content}.")
        if found := _SUM.search(last.text):
            call = {"name": "calculate", "args": {"expression": found.group()}, "id": f"call_{uuid4().hex}"}
            return AIMessage("Let me calculate that.", tool_calls=[call])
        return AIMessage(f"You said: {last.text}")

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    def _stream(self, messages, stop=None, run_manager=None, **kwargs) -> Iterator[ChatGenerationChunk]:
        answer = self._answer(messages)
        words = re.findall(r"\S+\s*", answer.text)
        for word in words:
            chunk = ChatGenerationChunk(message=AIMessageChunk(word))
            if run_manager:
                run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk
        if answer.tool_calls:
            yield ChatGenerationChunk(message=AIMessageChunk("", tool_calls=answer.tool_calls))

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(messages):
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
            await asyncio.sleep(self.seconds_per_word)


def calculate(expression: str) -> int:
    """Works out sums, differences and products of whole numbers."""
    operations = {ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__}

    def value(node: ast.AST) -> int:
        if isinstance(node, ast.BinOp):
            return operations[type(node.op)](value(node.left), value(node.right))
        return ast.literal_eval(node)

    return value(ast.parse(expression, mode="eval").body)
