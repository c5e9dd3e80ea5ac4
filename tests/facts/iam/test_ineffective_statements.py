from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.iam.ineffective_statements import is_operator

NAMES = [name for name in table("condition-operators")["rows"] if name != "Null"]


@given(
    st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]), st.sampled_from(NAMES), st.sampled_from(["", "IfExists"])
)
def test_what_stands_before_and_behind_an_operator_is_known(before: str, name: str, behind: str) -> None:
    assert is_operator(before + name + behind)
    assert is_operator((before + name + behind).lower())
    assert not is_operator("ForSomeValues:" + name)
    assert not is_operator(f"{name}s{behind}")


def test_null_stands_alone() -> None:
    assert is_operator("Null")
    assert not is_operator("NullIfExists")
    assert not is_operator("ForAnyValue:Null")
