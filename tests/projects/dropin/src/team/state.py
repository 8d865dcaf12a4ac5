# SPDX-License-Identifier: Apache-2.0
import operator
from typing import Annotated

from pydantic import BaseModel
from typing_extensions import TypedDict


class Draft(TypedDict, total=False):
    topic: str
    lines: Annotated[list[str], operator.add]
    style: str
    approved: bool


class Wishes(BaseModel):
    language: str = "en"
    longest: int = 3
