from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.iam.dms_policies import defined, is_known
from dms_lint.iam_policy.arn_patterns import matches_some
from dms_lint.iam_policy.wildcards import matches

TYPES = [row["arn"].split(":")[5] for row in table("dms-authorization")["resources"].values()]
ARN = st.builds(
    "arn:aws:dms:{}:111122223333:{}:{}".format,
    st.sampled_from(["eu-west-1", "us-east-1"]),
    st.sampled_from(TYPES),
    st.text("ABC-", min_size=1, max_size=4),
)
FORM = re.compile(rf"arn:[^:/]+:dms:[^:/]+:[^:/]+:({'|'.join(TYPES)}):[^:/]+")


@given(ARN, st.data())
def test_a_pattern_that_matches_an_arn_of_dms_matches_some(arn: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(arn))] * 2)))
    pattern = arn[:start] + "*" + arn[end:]
    assert matches(pattern, arn)
    assert matches_some(pattern)


@given(st.text("/:AB", max_size=5), st.sampled_from([*TYPES, "replication-instance", ""]))
def test_without_wildcards_the_form_alone_decides(end: str, kind: str) -> None:
    arn = f"arn:aws:dms:eu-west-1:111122223333:{kind}{end}"
    assert matches_some(arn) is (FORM.fullmatch(arn) is not None)


@given(st.text("dms:*?creatndpoi", max_size=12))
def test_a_pattern_is_known_where_it_matches_a_name(written: str) -> None:
    found = table("dms-authorization")
    names = [f"dms:{name}".lower() for name in (*found["actions"], *found["only_api"])]
    wanted = re.compile(re.escape(written).replace(r"\*", ".*").replace(r"\?", "."))
    assert is_known(written) is any(wanted.fullmatch(name) for name in names)


def test_a_tag_key_needs_a_tag() -> None:
    assert defined("dms:rep-tag/owner")
    assert not defined("dms:rep-tag/")
    assert not defined("dms:resourcetag/owner")
