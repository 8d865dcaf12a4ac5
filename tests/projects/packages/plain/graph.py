# SPDX-License-Identifier: Apache-2.0
from plain_tools import NAME
from telling import telling

agent = telling(NAME)
