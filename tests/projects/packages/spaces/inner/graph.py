# SPDX-License-Identifier: Apache-2.0
from telling import telling

from .state import NAME

agent = telling(NAME, __name__)
