# SPDX-License-Identifier: Apache-2.0
from telling import telling
from flat_core import state as other

assert other.NAME == "flat"

from .state import NAME

agent = telling(NAME, __name__)
