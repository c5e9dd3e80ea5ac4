from __future__ import annotations

import pytest

from dms_lint.facts.access.operator_permissions import is_role_of


@pytest.mark.parametrize(
    ("arn", "is_own"),
    [
        ("arn:aws:iam::111122223333:role/dms-orders", True),
        (" arn:aws:iam::111122223333:role/dms-orders ", True),
        ("arn:aws:iam::444455556666:role/dms-orders", False),
    ],
)
def test_a_role_with_a_garbled_arn_stays_its_accounts(arn: str, *, is_own: bool) -> None:
    assert is_role_of("111122223333", arn) is is_own
