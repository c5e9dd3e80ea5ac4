"""(to be written)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dms_lint.facts.base import Fact

FACTS: Final[tuple[Fact, ...]] = ()
