# SPDX-License-Identifier: Apache-2.0
from telling import telling

import mapped_agent.state

from . import state

agent = telling(state.NAME, __name__, state is mapped_agent.state)
