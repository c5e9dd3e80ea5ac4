"""Where people find more: the project, and the page of each rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dms_lint.model import Rule

PROJECT: Final = "https://github.com/dms-lint/dms-lint"
RULE_PAGE: Final = PROJECT + "/blob/main/docs/rules/{id}.md"


def rule_page(rule: Rule) -> str:
    """The address of a rule's page."""
    return RULE_PAGE.format(id=rule.id)
