from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.model import Missing, Record, Status, Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable

MODE = Unresolved(("parameter Mode", "condition IsProd"))
CHAIN = "depends on parameter Mode, condition IsProd"


def endpoint(**members: Any) -> Record:
    return Record(members, "endpoint orders", "dms:DescribeEndpoints")


ACCESSORS: dict[str, Callable[[Record], Any]] = {
    "item": lambda record: record["M"],
    "presence": lambda record: "M" in record,
    "text": lambda record: record.text("M", default=""),
    "flag": lambda record: record.flag("M", default=False),
    "number": lambda record: record.number("M", default=0),
    "texts": lambda record: record.texts("M", default=()),
    "records": lambda record: record.records("M", default=()),
    "objects": lambda record: record.objects("M", default=()),
    "block": lambda record: record.block("M", default={}),
}


class TestUnresolved:
    @pytest.mark.parametrize("accessor", ACCESSORS)
    def test_every_accessor_raises_missing(self, accessor: str) -> None:
        with pytest.raises(Missing) as raised:
            ACCESSORS[accessor](endpoint(M=MODE))
        missing = raised.value
        assert missing.message == f"endpoint orders: M {CHAIN}"
        assert missing.reason == f"the value {CHAIN}"
        assert (missing.needs, missing.status) == ("parameter Mode", Status.NOT_PROVIDED)

    @pytest.mark.parametrize("accessor", ["item", "texts", "records", "objects"])
    def test_an_unresolved_item_of_a_list_is_missing(self, accessor: str) -> None:
        items: list[Any] = [None, MODE]
        with pytest.raises(Missing, match=rf"M\[\d\] {CHAIN}"):
            ACCESSORS[accessor](endpoint(M=items))

    def test_an_unresolved_member_of_a_block_is_missing(self) -> None:
        block = endpoint(M={"SslMode": MODE, "Port": 3306}).block("M")
        assert block.number("Port") == 3306
        with pytest.raises(Missing, match=f"endpoint orders: M: SslMode {CHAIN}"):
            block.text("SslMode")

    def test_a_raw_item_is_missing_when_anything_in_it_is(self) -> None:
        document = {"Statement": [{"Effect": "Allow", "Resource": ["*", MODE]}]}
        with pytest.raises(Missing, match=rf"M.Statement\[0\].Resource\[1\] {CHAIN}"):
            endpoint(M=document)["M"]

    @pytest.mark.parametrize(
        "look",
        [
            bool,
            hash,
            lambda value: value == "require",
            lambda value: value != "require",
            lambda value: value in {"a", "b"},
        ],
    )
    def test_no_comparison_claims_anything_of_it(self, look: Callable[[Any], Any]) -> None:
        with pytest.raises(Missing, match=f"a value {CHAIN}"):
            look(MODE)

    def test_other_members_are_read_as_ever(self) -> None:
        assert endpoint(M=MODE, SslMode="require").text("SslMode") == "require"
        assert "Port" not in endpoint(M=MODE)
