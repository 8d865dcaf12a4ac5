# SPDX-License-Identifier: Apache-2.0
from telling import telling

from whole.state import NAME

from . import state

agent = telling(NAME, __name__, state.NAME)
