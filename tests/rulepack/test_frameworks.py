"""What rules answer elsewhere: how a framework is read, refused, joined, asked for and counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from dms_lint.data.tables import pack_directory
from dms_lint.data.yaml_file import read_yaml
from dms_lint.gate.selection import SelectionError, answering
from dms_lint.model import Control, Framework, Pack, Severity, Verdict
from dms_lint.rulepack.frameworks import Tally, by_rule, load_frameworks, rules_of, tally
from dms_lint.schemas import schema_file

if TYPE_CHECKING:
    from pathlib import Path

RULES = ("NET001", "TLS001", "TLS021")
HEAD = "title: Some Framework\nsource: https://example.com/controls\n"
HUB = f"""{HEAD}controls:
  DMS.9:
    rules: [TLS001]
    severity: medium
    related: {{standard: [SC-8, SC-13], service: [endpoint-ssl]}}
  DMS.12:
    rules: [TLS021]
    related: {{standard: [SC-8]}}
  DMS.1: [NET001]
"""
STANDARD = HEAD
SERVICE = f"{HEAD}controls:\n  endpoint-ssl: [TLS021]\n"
TOOL = f"{HEAD}tool: true\ncontrols:\n  CHECK_1: [NET001]\n"


def loaded(folder: Path, **files: str) -> tuple[dict[str, Framework], list[str]]:
    """The frameworks in files of these names, and what is refused."""
    (folder / "controls").mkdir()
    for name, text in files.items():
        (folder / "controls" / f"{name}.yaml").write_text(text)
    problems: list[str] = []
    found = load_frameworks(folder, RULES, read_yaml, problems)
    return {framework.name: framework for framework in found}, [one.replace(str(folder), "PACK") for one in problems]


@pytest.fixture
def frameworks(tmp_path: Path) -> dict[str, Framework]:
    found, problems = loaded(tmp_path, hub=HUB, standard=STANDARD, service=SERVICE, a_tool=TOOL)
    assert problems == []
    return found


class TestReading:
    def test_a_control_has_its_rules_and_what_it_weighs_there(self, frameworks: dict[str, Framework]) -> None:
        hub = frameworks["hub"]
        assert (hub.title, hub.source, hub.tool) == ("Some Framework", "https://example.com/controls", False)
        assert hub.controls["DMS.9"] == Control(("TLS001",), Severity.MEDIUM)
        assert hub.controls["DMS.1"] == Control(("NET001",), None)

    def test_a_related_control_has_the_rules_of_all_it_relates_to(self, frameworks: dict[str, Framework]) -> None:
        assert frameworks["standard"].controls["SC-8"].rules == ("TLS001", "TLS021")
        assert frameworks["standard"].controls["SC-13"].rules == ("TLS001",)

    def test_a_control_may_have_a_file_and_be_related_besides(self, frameworks: dict[str, Framework]) -> None:
        assert frameworks["service"].controls["endpoint-ssl"].rules == ("TLS001", "TLS021")

    def test_controls_come_in_the_order_of_their_numbers(self, frameworks: dict[str, Framework]) -> None:
        assert list(frameworks["hub"].controls) == ["DMS.1", "DMS.9", "DMS.12"]
        assert list(frameworks["standard"].controls) == ["SC-8", "SC-13"]

    def test_tools_come_last(self, frameworks: dict[str, Framework]) -> None:
        assert list(frameworks) == ["hub", "service", "standard", "a_tool"]

    def test_a_pack_need_not_have_any(self, tmp_path: Path) -> None:
        assert loaded(tmp_path) == ({}, [])


REFUSED = {
    "no mapping": ("[TLS001]", 1, "a framework is a mapping that begins with its title"),
    "unknown key": (f"{HEAD}control: {{}}\n", 3, "unknown key 'control'; did you mean 'controls'?"),
    "no title": ("source: https://example.com\n", 1, "a framework says its 'title', as text"),
    "no source": ("title: A\n", 1, "a framework says its 'source', as text"),
    "a tool that is a word": (f"{HEAD}tool: maybe\n", 3, "'tool' is true for the checks of another tool"),
    "controls in a list": (f"{HEAD}controls: [A]\n", 3, "'controls' is a mapping of controls to their rules"),
    "a number": (f"{HEAD}controls:\n  1.4: [TLS001]\n", 4, "a control's id is text: write '1.4' in quotes"),
    "a word for rules": (f"{HEAD}controls:\n  A: TLS001\n", 4, "a control is the list of its rules, or a mapping"),
    "no rules": (f"{HEAD}controls:\n  A: {{severity: low}}\n", 4, "a control is the list of its rules, or a mapping"),
    "an empty list": (f"{HEAD}controls:\n  A: []\n", 4, "'rules' is a list of ids, each text and each once"),
    "a rule twice": (f"{HEAD}controls:\n  A: [TLS001, TLS001]\n", 4, "'rules' is a list of ids"),
    "a strange key": (f"{HEAD}controls:\n  A: {{rules: [TLS001], rule: B}}\n", 4, "unknown key 'rule'"),
    "unknown rule": (
        f"{HEAD}controls:\n  A:\n    rules: [TLS002]\n",
        5,
        "unknown rule 'TLS002'; did you mean 'TLS021'?",
    ),
    "unknown severity": (f"{HEAD}controls:\n  A: {{rules: [TLS001], severity: hgh}}\n", 4, "unknown severity 'hgh'"),
    "related to nothing": (f"{HEAD}controls:\n  A: {{rules: [TLS001], related: [B]}}\n", 4, "'related' is a mapping"),
    "an unknown framework": (
        f"{HEAD}controls:\n  A: {{rules: [TLS001], related: {{standrad: [B]}}}}\n",
        4,
        "unknown framework 'standrad'; did you mean 'standard'?",
    ),
    "itself": (f"{HEAD}controls:\n  A: {{rules: [TLS001], related: {{hub: [B]}}}}\n", 4, "unknown framework 'hub'"),
    "related ids": (
        f"{HEAD}controls:\n  A: {{rules: [TLS001], related: {{standard: B}}}}\n",
        4,
        "'standard' is a list of ids",
    ),
}
BY_THE_LOADER_ALONE = {"a number", "unknown rule", "an unknown framework", "itself"}
"""What takes a look at other files, or at the YAML, to refuse."""


@pytest.mark.parametrize("name", REFUSED)
def test_the_loader_refuses_and_says_where(tmp_path: Path, name: str) -> None:
    text, line, refusal = REFUSED[name]
    _, (problem, *_) = loaded(tmp_path, hub=text, standard=f"{HEAD}controls: {{X: [NET001]}}\n")
    assert problem.startswith(f"PACK/controls/hub.yaml:{line}: {refusal}")


def test_every_problem_of_every_file_is_said(tmp_path: Path) -> None:
    text = f"{HEAD}controls:\n  A: [TLS002]\n  B: [TLS001]\n  C: []\n"
    _, problems = loaded(tmp_path, hub=text, standard="controls: {}\n")
    assert [problem.split(": ")[0] for problem in problems] == [
        "PACK/controls/hub.yaml:4",
        "PACK/controls/hub.yaml:6",
        "PACK/controls/standard.yaml:1",
    ]


def test_a_framework_without_a_control_is_refused(tmp_path: Path) -> None:
    _, problems = loaded(tmp_path, standard=STANDARD)
    assert problems == [
        "PACK/controls/standard.yaml:1: names no control, and none of another framework is related to it"
    ]


class TestSchema:
    SCHEMA = Draft202012Validator(json.loads(schema_file("control").read_text()))

    @pytest.mark.parametrize("name", [name for name in REFUSED if name not in BY_THE_LOADER_ALONE])
    def test_it_refuses_what_the_loader_refuses(self, name: str, tmp_path: Path) -> None:
        file = tmp_path / "hub.yaml"
        file.write_text(REFUSED[name][0])
        assert list(self.SCHEMA.iter_errors(read_yaml(file)))

    def test_the_files_of_the_pack_fit_it(self) -> None:
        for file in (pack_directory() / "controls").glob("*.yaml"):
            self.SCHEMA.validate(read_yaml(file))


class TestAsking:
    @pytest.mark.parametrize(
        ("word", "rules"),
        [
            ("DMS.9", {"TLS001"}),
            ("dms.9", {"TLS001"}),
            ("DMS.1", {"NET001"}),  # and not DMS.12, which only begins so
            ("DMS", {"NET001", "TLS001", "TLS021"}),
            ("check_1", {"NET001"}),
            ("Standard", {"TLS001", "TLS021"}),
            ("a_tool", {"NET001"}),
            ("sc", {"TLS001", "TLS021"}),
        ],
    )
    def test_a_framework_a_control_or_how_they_begin(
        self, frameworks: dict[str, Framework], word: str, rules: set[str]
    ) -> None:
        assert (rules_of(frameworks.values(), word) or set()) == rules

    def test_what_is_called_otherwise_is_refused_with_the_nearest(self, pack: Pack) -> None:
        with pytest.raises(SelectionError, match=r"no control is called 'DMS.99'; did you mean 'DMS.9'\?"):
            answering(pack.rules, pack.frameworks, ["DMS.99"])
        with pytest.raises(SelectionError, match="`dms-lint rules --format json` lists them"):
            answering(pack.rules, pack.frameworks, ["nothing-like-it-there"])

    def test_several_words_add_up_and_the_order_stays(self, pack: Pack) -> None:
        found = answering(pack.rules, pack.frameworks, ["CKV_AWS_89", "dms_endpoint_ssl_enabled"])
        assert [rule.id for rule in found] == ["NET001", "TLS001"]


class TestCounting:
    CHECKS: dict[str, dict[Verdict, int]] = {  # noqa: RUF012 - never changed
        "TLS001": {Verdict.PASS: 3, Verdict.FAIL: 2, Verdict.UNKNOWN: 1},
        "TLS021": {Verdict.PASS: 1, Verdict.FAIL: 0, Verdict.UNKNOWN: 5},
    }

    def test_a_control_counts_the_checks_of_all_its_rules(self, frameworks: dict[str, Framework]) -> None:
        assert tally(frameworks["standard"], self.CHECKS) == {"SC-8": Tally(2, 6, 4), "SC-13": Tally(2, 1, 3)}

    def test_controls_without_asked_rules_or_checks_are_left_out(self, frameworks: dict[str, Framework]) -> None:
        assert list(tally(frameworks["hub"], self.CHECKS)) == ["DMS.9", "DMS.12"]
        nothing = {"TLS001": self.CHECKS["TLS001"], "TLS021": dict.fromkeys(Verdict, 0)}
        assert list(tally(frameworks["hub"], nothing)) == ["DMS.9"]


class TestBundledPack:
    def test_what_users_of_other_tools_know_leads_to_a_rule(self, pack: Pack) -> None:
        for word, rule in {
            "DMS.1": "NET001",
            "dms-replication-not-public": "NET001",
            "CT.DMS.PR.2": "TLS001",
            "dms_endpoint_ssl_enabled": "TLS001",
            "CKV_AWS_89": "NET001",
            "W91": "NET001",
            "DMSReplicationNotPublic": "NET001",
            "dmsMultiAZFeatureEnabled": "HA001",
            "DMS_REPLICATION_NOT_PUBLIC": "NET001",
            "5864fb39": "NET001",
        }.items():
            found = rules_of(pack.frameworks, word)
            assert found is not None, word
            assert rule in found

    def test_each_security_hub_control_for_dms_is_there(self, pack: Pack) -> None:
        (hub,) = (framework for framework in pack.frameworks if framework.name == "security-hub")
        assert [id_ for id_ in hub.controls if id_.startswith("DMS.")] == [f"DMS.{n}" for n in range(1, 14)]
        assert all(control.severity for id_, control in hub.controls.items() if id_.startswith("DMS."))

    def test_nist_and_pci_hang_on_security_hub(self, pack: Pack) -> None:
        answered: dict[str, Any] = by_rule(pack.frameworks)["TLS001"]
        assert "SC-8(1)" in answered["nist-800-53-r5"]
        assert answered["pci-dss-4.0.1"] == ["4.2.1"]
        assert answered["aws-config"] == ["dms-endpoint-ssl-configured"]
