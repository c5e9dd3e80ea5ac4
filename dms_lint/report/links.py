"""Where people find more: the project, and the page of each rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import pack_directory

if TYPE_CHECKING:
    from dms_lint.model import Rule

PROJECT: Final = "https://github.com/dms-lint/dms-lint"
RULE_PAGE: Final = PROJECT + "/blob/main/docs/rules/{id}.md"


def rule_page(rule: Rule) -> str:
    """The address of a rule's page; of one of somebody else's pack, the first that it refers to, or the project's."""
    if pack_directory() in Path(rule.file).parents:
        return RULE_PAGE.format(id=rule.id)
    return next((ref for ref in rule.refs if ref.startswith("https://")), PROJECT)
