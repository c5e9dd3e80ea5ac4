"""What a call is asked about: the subjects that its selectors find in answers already given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.collectors.live.selectors import Answers, Listed
from dms_lint.inventory.scopes import split_response

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dms_lint.collectors.live.calls import Call
    from dms_lint.model import Document


def subjects(
    call: Call, documents: Iterable[Document], account: str, region: str, scanned: Collection[str] = ()
) -> tuple[str, ...]:
    """What to ask the call about, in an account and Region: each once, in the order of the answers.

    `scanned` are the Regions of the account that are read: what has its home in another of them is asked about there.
    """
    listed: dict[str, list[Listed]] = {kind: [] for kind in call.sources}
    for document in documents:
        for part in split_response(document):
            if part.row.kind in listed:
                listed[part.row.kind].extend(Listed(part.row, item, document.body) for item in part.items)
    answers = Answers(listed, account, region, scanned)
    distinct = dict.fromkeys(subject for selector in call.follows for subject in selector.select(answers))
    return tuple(subject for subject in distinct if subject)
