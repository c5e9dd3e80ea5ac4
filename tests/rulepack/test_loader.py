from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from dms_lint.data.tables import pack_directory
from dms_lint.data.yaml_file import YamlError, read_yaml
from dms_lint.facts import FACTS
from dms_lint.model import Pack, Severity
from dms_lint.rulepack.loader import PackError, load_pack, rule_files
from dms_lint.rulepack.predicates import WORDS
from dms_lint.rulepack.rule_parser import BASES
from dms_lint.schemas import schema_file

GOOD = """\
id: TLS001
name: connection-unencrypted
title: The connection is encrypted
severity: high
basis: guide
covers: [G003]
applies_to: endpoint
why: >
  Without an SSL mode
  rows cross the network as they are.
when:
  endpoint.type: {enum: [source, target]}
expect:
  tls.mode: {enum: [require, verify-ca, verify-full]}
evidence: [endpoint.engine]
fail: "{name} ({endpoint.engine}) has the mode {tls.mode}"
fix:
  text: Set a mode for {id}.
  cli: aws dms modify-endpoint --endpoint-arn {arn} --ssl-mode <MODE>
refs: [https://docs.aws.amazon.com/]
"""
PACK_YAML = "name: test\nversion: '1'\n"


def pack_of(folder: Path, **rules: str) -> Path:
    """A pack with these rules, by id."""
    (folder / "pack.yaml").write_text(PACK_YAML)
    for id_, text in rules.items():
        file = folder / id_[:3].lower() / f"{id_}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return folder


def refusals(folder: Path) -> list[str]:
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return [problem.replace(str(folder), "PACK") for problem in caught.value.problems]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_a_rule_is_read_as_its_file_says_it(tmp_path: Path) -> None:
    pack = load_pack(pack_of(tmp_path, TLS001=GOOD))
    assert (pack.name, pack.version) == ("test", "1")
    (rule,) = pack.rules
    assert rule.id == "TLS001"
    assert rule.severity is Severity.HIGH
    assert rule.applies_to == ("endpoint",)
    assert rule.covers == ("G003",)
    assert rule.why == "Without an SSL mode rows cross the network as they are."
    assert rule.expect == {"tls.mode": {"enum": ["require", "verify-ca", "verify-full"]}}
    assert rule.evidence == ("endpoint.engine",)
    assert dict(rule.fix.cli) == {"": "aws dms modify-endpoint --endpoint-arn {arn} --ssl-mode <MODE>"}
    assert rule.file == str(tmp_path / "tls" / "TLS001.yaml")


def test_why_a_command_disrupts_is_one_line(tmp_path: Path) -> None:
    said = changed("  cli:", "  disruptive: >\n    It stops\n    the task.\n  cli:")
    assert load_pack(pack_of(tmp_path, TLS001=said)).rules[0].fix.disruptive == "It stops the task."
    assert load_pack(pack_of(tmp_path, TLS001=GOOD)).rules[0].fix.disruptive == ""


def test_what_may_be_left_out_may_be_left_out(tmp_path: Path) -> None:
    data = yaml.safe_load(GOOD)
    for key in ("covers", "when", "refs"):
        del data[key]
    del data["fix"]["cli"]
    (rule,) = load_pack(pack_of(tmp_path, TLS001=yaml.safe_dump(data))).rules
    assert (rule.covers, rule.when, rule.refs, rule.fix.cli) == ((), {}, (), {})


def test_rules_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    other = GOOD.replace("TLS001", "AUT002")
    pack_of(tmp_path, TLS001=GOOD, AUT002=other, TLS003=GOOD.replace("TLS001", "TLS003"))
    assert [rule.id for rule in load_pack(tmp_path).rules] == ["AUT002", "TLS001", "TLS003"]


def test_tables_controls_and_cases_hold_no_rules(tmp_path: Path) -> None:
    pack_of(tmp_path, TLS001=GOOD)
    framework = "title: A\nsource: https://example.com\ncontrols: {A.1: [TLS001]}\n"
    for name, text in {
        "tables/modes.yaml": "- nothing of the kind",
        "controls/nist.yaml": framework,
        "tls/TLS001.cases.yaml": "- nothing of the kind",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert [file.name for file in rule_files(tmp_path)] == ["TLS001.yaml"]
    assert len(load_pack(tmp_path).rules) == 1


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert load_pack(pack_of(tmp_path, TLS001="\ufeff" + GOOD)).rules


@pytest.mark.parametrize(
    "cli",
    [
        """aws dms modify-replication-task --replication-task-settings '{"Logging":{"EnableLogging":true}}'""",
        "aws ec2 revoke-security-group-egress --ip-permissions IpRanges=[{CidrIp=0.0.0.0/0}]",
        "aws dms create-endpoint --s3-settings {}",
    ],
)
def test_braces_of_json_and_of_shorthand_are_no_placeholders(tmp_path: Path, cli: str) -> None:
    data = yaml.safe_load(GOOD)
    data["fix"]["cli"] = cli
    (rule,) = load_pack(pack_of(tmp_path, TLS001=yaml.safe_dump(data))).rules
    assert rule.fix.cli[""] == cli


RULE = "PACK/tls/TLS001.yaml"
REFUSALS = {
    # What the file holds: line and refusal.
    "an unknown key": (GOOD + "severty: high\n", 21, "unknown key 'severty'; did you mean 'severity'?"),
    "a key that is no text": (GOOD + "1: high\n", 21, "unknown key '1'; there is id, name,"),
    "no fix": (GOOD[: GOOD.index("fix:")], 1, "a rule must say its 'fix'"),
    "no severity": (changed("severity: high\n", ""), 1, "a rule must say its 'severity'"),
    "a list": ("- id: TLS001\n", 1, "a rule is a mapping that begins with its id"),
    "a text": ("just text\n", 1, "a rule is a mapping that begins with its id"),
    "an empty title": (changed("The connection is encrypted", "' '"), 3, "'title' must be text"),
    "a number as title": (changed("The connection is encrypted", "3"), 3, "'title' must be text"),
    "an id of another form": (changed("TLS001", "Tls1"), 1, "an id is a family in capitals and three digits"),
    "an id of other digits": (changed("TLS001", "TLS٠٠١"), 1, "an id is a family in capitals and three digits"),
    "another id than the file's": (
        changed("TLS001", "TLS002"),
        1,
        "the id is TLS002 and the file TLS001.yaml: name it TLS002.yaml",
    ),
    "a name with capitals": (changed("connection-unencrypted", "Unencrypted"), 2, "a name is lower-case words"),
    "an unknown severity": (changed("high", "hgh"), 4, "unknown severity 'hgh'; did you mean 'high'?"),
    "a list as severity": (changed("high", "[high]"), 4, "unknown severity '['high']'"),
    "an unknown basis": (changed("basis: guide", "basis: gude"), 5, "unknown basis 'gude'; did you mean 'guide'?"),
    "a list as basis": (changed("basis: guide", "basis: [guide]"), 5, "unknown basis '['guide']'"),
    "covers of no text": (changed("[G003]", "[3]"), 6, "'covers' is a text or a list of texts"),
    "an unknown kind": (changed("to: endpoint", "to: endpont"), 7, "unknown kind 'endpont'; did you mean 'endpoint'?"),
    "no kind": (changed("to: endpoint", "to: []"), 7, "'applies_to' is a text or a list of texts"),
    "a kind twice": (changed("to: endpoint", "to: [endpoint, endpoint]"), 7, "'applies_to' says 'endpoint' twice"),
    "when of another form": (
        changed("when:\n  endpoint.type: {enum: [source, target]}", "when: [tls.mode]"),
        11,
        "'when' is a mapping of facts to what each must be",
    ),
    "an empty when": (
        changed("when:\n  endpoint.type: {enum: [source, target]}", "when:"),
        11,
        "'when' is a mapping of facts to what each must be",
    ),
    "an empty expect": (
        changed("expect:\n  tls.mode: {enum: [require, verify-ca, verify-full]}", "expect: {}"),
        13,
        "'expect' must name a fact: a rule that expects nothing cannot fail",
    ),
    "an unknown fact": (changed("  tls.mode:", "  tls.mod:"), 14, "unknown fact 'tls.mod'; did you mean 'tls.mode'?"),
    "a number as fact": (changed("  tls.mode:", "  7:"), 14, "unknown fact '7'"),
    "a fact of another kind": (
        changed("to: endpoint", "to: [endpoint, task]"),
        12,
        "endpoint.type is a fact about endpoint, and the rule applies to task",
    ),
    "a condition that is a bare value": (
        changed("{enum: [source, target]}", "source"),
        12,
        "what endpoint.type must be is a mapping, like {const: true}",
    ),
    "an unknown word": (
        changed("{enum: [source, target]}", "{not: {const: source}}"),
        12,
        "endpoint.type: 'not' is no word of a condition; the words are const, enum,",
    ),
    "an empty condition": (
        changed("{enum: [source, target]}", "{}"),
        12,
        "endpoint.type: an empty condition is always true: say what the value must be",
    ),
    "a word without its value": (changed("{enum: [source, target]}", "{enum: []}"), 12, "enum takes a list of values"),
    "a word for other types": (
        changed("{enum: [source, target]}", "{minItems: 1}"),
        12,
        "endpoint.type is of type string: 'minItems' says nothing about it",
    ),
    "a value the fact never takes": (
        changed("{enum: [source, target]}", "{enum: [source, SOURCE]}"),
        12,
        "endpoint.type is never 'SOURCE'; it is one of source, target",
    ),
    "a value of another type": (
        changed("{enum: [source, target]}", "{const: true}"),
        12,
        "endpoint.type is of type string: it is never True",
    ),
    "a type the fact never has": (
        changed("{enum: [source, target]}", "{type: boolean}"),
        12,
        "endpoint.type is of type string, never boolean",
    ),
    "a list of types": (
        changed("{enum: [source, target]}", "{type: [boolean, integer]}"),
        12,
        "endpoint.type is of type string",
    ),
    "an impossible item": (
        changed("endpoint.type: {enum: [source, target]}", "tls.modes: {contains: {const: verify}}"),
        12,
        "tls.modes is never 'verify'",
    ),
    "an impossible list": (
        changed("endpoint.type: {enum: [source, target]}", "tls.modes: {const: [verify]}"),
        12,
        "tls.modes is never ['verify']",
    ),
    "evidence that is no fact": (
        changed("[endpoint.engine]", "[endpoint.motor]"),
        15,
        "unknown fact 'endpoint.motor'",
    ),
    "an empty list of evidence": (changed("[endpoint.engine]", "[]"), 15, "'evidence' is a text or a list of texts"),
    "a placeholder of a fact it does not read": (
        changed("has the mode {tls.mode}", "has {tls.strongest_mode}"),
        16,
        "{tls.strongest_mode} is no fact that this rule reads: list it under 'evidence'",
    ),
    "a placeholder of nothing": (
        changed("for {id}", "for {ide}"),
        18,
        "{ide} is no fact that this rule reads: unknown fact 'ide'; did you mean 'id'?",
    ),
    "a placeholder with a blank": (
        changed("for {id}", "for { id }"),
        18,
        "{ id } is no fact that this rule reads",
    ),
    "a placeholder in a command": (
        changed("--ssl-mode <MODE>", "--ssl-mode {tls.modes}"),
        19,
        "{tls.modes} is no fact that this rule reads",
    ),
    "a placeholder within quotes": (
        changed("--endpoint-arn {arn}", "--tags 'Key={arn}'"),
        19,
        "{arn} stands within quotes",
    ),
    "a placeholder that does not end": (changed("for {id}", "for {id"), 18, "a brace stands alone"),
    "a fix without text": (changed("  text: Set a mode for {id}.\n", ""), 17, "'fix' has a 'text'"),
    "a fix with a blank text": (changed("Set a mode for {id}.", "' '"), 17, "'fix' has a 'text'"),
    "a fix that is a text": (
        GOOD[: GOOD.index("fix:")] + "fix: Set a mode.\n",
        17,
        "'fix' has a 'text' and, where they mend it, a 'cli', cloudformation and terraform",
    ),
    "a command that disrupts and does not say what": (
        changed("  cli:", "  disruptive: ''\n  cli:"),
        19,
        "'disruptive' must be text",
    ),
    "no command that disrupts": (
        changed("  cli:", "  disruptive: It stops.\n  terraform:"),
        19,
        "'disruptive' is said of the 'cli'",
    ),
    "a fix with more": (changed("  cli:", "  cmd:"), 19, "unknown key 'cmd'; there is text, cli"),
    "a blank command": (
        GOOD[: GOOD.index("  cli:")] + "  cli: ''\n",
        19,
        "'cli' is a command, or a mapping of kinds to commands",
    ),
    "a list of commands": (
        GOOD[: GOOD.index("  cli:")] + "  cli: [aws]\n",
        19,
        "'cli' is a command, or a mapping of kinds to commands",
    ),
    "a command for another kind": (
        GOOD[: GOOD.index("  cli:")] + "  cli: {task: aws dms}\n",
        19,
        "unknown kind 'task'; there is endpoint",
    ),
    "refs of no text": (changed("[https://docs.aws.amazon.com/]", "[1]"), 20, "'refs' is a text or a list of texts"),
    "a ref that is no address": (
        changed("[https://docs.aws.amazon.com/]", "[see the wiki]"),
        20,
        "'refs' has 'see the wiki', which is no address that begins with https:// or http://",
    ),
    "a ref that would end a link": (changed("[https://docs.aws.amazon.com/]", "['https://a/)|b']"), 20, "no address"),
    "a key twice": (changed("basis: guide", "name: guide"), 5, "the key 'name' stands twice"),
    "a key twice further in": (
        changed("  endpoint.type: {enum: [source, target]}", "  tls.mode: {const: none, const: require}"),
        12,
        "the key 'const' stands twice",
    ),
    "broken YAML": (changed("[G003]", "[G003"), 7, "expected ',' or ']'"),
    "a tab": (changed("  rows", "\trows"), 10, ""),
    "a control character": (changed("is encrypted\n", "is encrypted \x07\n"), 1, ""),
    "a mapping as key": ("{a: 1}: b\n", 1, "unhashable key"),
    "a tag of Python": ("!!python/object/apply:os.system [id]\n", 1, "could not determine a constructor"),
    "a tag that does not fit": ("!!map text\n", 1, ""),
    "an alias of nothing": ("a: *b\n", 1, "undefined alias"),
    "endless nesting": ("[" * 99999 + "]" * 99999, 1, "nested too deeply"),
    "endless nesting in blocks": ("- " * 99999 + "a\n", 1, "nested too deeply"),
    "no content": ("", 1, "the file is empty"),
    "a comment alone": ("# to be written\n", 1, "the file is empty"),
}


@pytest.mark.parametrize(("text", "line", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_the_loader_refuses_and_says_where(tmp_path: Path, text: str, line: int, refusal: str) -> None:
    problems = refusals(pack_of(tmp_path, TLS001=text))
    assert all(problem.startswith(f"{RULE}:") for problem in problems)
    assert any(one.startswith(f"{RULE}:{line}: ") and refusal in one for one in problems), problems
    assert "\n" not in "".join(problems)


def test_an_id_stands_once(tmp_path: Path) -> None:
    pack_of(tmp_path, TLS001=GOOD)
    second = tmp_path / "zzz" / "TLS001.yaml"
    second.parent.mkdir()
    second.write_text(GOOD)
    assert refusals(tmp_path) == [
        "PACK/zzz/TLS001.yaml:1: TLS001 is the id of PACK/tls/TLS001.yaml:1 too; give it another".replace(
            "PACK/tls", str(tmp_path / "tls")
        ).replace(str(tmp_path), "PACK")
    ]


def test_every_problem_of_every_file_is_said(tmp_path: Path) -> None:
    pack_of(tmp_path, TLS001=changed("high", "hgh"), TLS002="", TLS003="a: ]")
    (tmp_path / "pack.yaml").write_text("name: test\n")
    assert [problem.partition(": ")[0] for problem in refusals(tmp_path)] == [
        "PACK/pack.yaml:1",
        "PACK/tls/TLS001.yaml:4",
        "PACK/tls/TLS002.yaml:1",
        "PACK/tls/TLS003.yaml:1",
    ]


@pytest.mark.parametrize("text", ["name: test\n", "- name\n", "name: test\nversion: 1\n"])
def test_a_pack_says_its_name_and_its_version(tmp_path: Path, text: str) -> None:
    pack_of(tmp_path, TLS001=GOOD)
    (tmp_path / "pack.yaml").write_text(text)
    assert refusals(tmp_path) == ["PACK/pack.yaml:1: a pack says its name and its version, both text"]


def test_a_pack_without_a_name_is_called_as_its_folder(tmp_path: Path) -> None:
    (pack_of(tmp_path, TLS001=GOOD) / "pack.yaml").unlink()
    pack = load_pack(tmp_path)
    assert (pack.name, pack.version) == (tmp_path.name, "")


def test_a_folder_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert refusals(tmp_path / "nowhere") == [
        f"{tmp_path}/nowhere:1: there is no such folder".replace(str(tmp_path / "nowhere"), "PACK")
    ]


def test_a_folder_without_rules_is_none(tmp_path: Path) -> None:
    none = ["PACK:1: no rule stands here; a rule is ID.yaml or FAMILY/ID.yaml"]
    assert refusals(tmp_path) == none
    assert refusals(pack_of(tmp_path)) == none


def test_a_rule_may_stand_in_the_folder_itself(tmp_path: Path) -> None:
    pack_of(tmp_path)
    (tmp_path / "TLS001.yaml").write_text(GOOD)
    assert [rule.id for rule in load_pack(tmp_path).rules] == ["TLS001"]


def test_what_is_hidden_is_no_part_of_a_pack(tmp_path: Path) -> None:
    pack_of(tmp_path, TLS001=GOOD)
    (tmp_path / ".ci").mkdir()
    for hidden in (".dms-lint.yaml", ".a.yml", ".ci/a.yaml"):
        (tmp_path / hidden).write_text("a: b\n")
    assert len(load_pack(tmp_path).rules) == 1


def test_a_rule_is_utf_8(tmp_path: Path) -> None:
    pack_of(tmp_path, TLS001=GOOD)
    (tmp_path / "tls" / "TLS001.yaml").write_bytes(b"\xff\xfe")
    assert refusals(tmp_path) == [f"{RULE}:1: cannot be read: not UTF-8"]


def test_a_folder_that_is_called_like_a_rule_is_none(tmp_path: Path) -> None:
    (pack_of(tmp_path) / "tls" / "TLS001.yaml").mkdir(parents=True)
    assert refusals(tmp_path) == [f"{RULE}:1: cannot be read: Is a directory"]


def test_a_rule_of_another_suffix_is_not_passed_over(tmp_path: Path) -> None:
    (pack_of(tmp_path, TLS001=GOOD) / "tls" / "TLS002.yml").write_text(GOOD)
    assert refusals(tmp_path) == ["PACK/tls/TLS002.yml:1: is not read: name it TLS002.yaml"]


class TestYaml:
    def test_a_merged_key_may_be_overridden(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_text("- {deep: {er: &a {<<: &b {x: 0, y: 0}, x: 1}}}\n- {<<: *a, x: 2}\n- {<<: [*a, *b], z: 3}\n")
        assert read_yaml(file)[1:] == [{"x": 2, "y": 0}, {"x": 1, "y": 0, "z": 3}]

    def test_of_two_merged_mappings_the_first_counts(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_text("- &a {one: 1}\n- &b {one: 2, two: 2}\n- {<<: [*a, *b], three: 3}\n")
        assert read_yaml(file)[2] == {"one": 1, "two": 2, "three": 3}

    @pytest.mark.parametrize("merged", ["text", "[text]", "[[]]"])
    def test_only_mappings_are_merged(self, tmp_path: Path, merged: str) -> None:
        file = tmp_path / "a.yaml"
        file.write_text(f"- <<: {merged}\n")
        with pytest.raises(YamlError, match=r"a\.yaml:1: a merge takes a mapping"):
            read_yaml(file)

    def test_a_chain_of_merges_read_from_its_end(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_text("- - - &a {<<: &b {x: 0}, x: 1}\n- {<<: *a, x: 2}\n")
        assert read_yaml(file) == [[[{"x": 1}]], {"x": 2}]


class TestBundledPack:
    def test_it_loads(self, pack: Pack) -> None:
        assert pack.rules

    def test_every_rule_stands_in_the_folder_of_its_family(self, pack: Pack) -> None:
        for rule in pack.rules:
            assert Path(rule.file).parent.name == rule.id.rstrip("0123456789").lower()

    def test_no_two_rules_share_a_name(self, pack: Pack) -> None:
        names = [rule.name for rule in pack.rules]
        assert sorted(set(names)) == sorted(names)

    def test_every_fact_has_a_schema_and_a_docstring(self) -> None:
        for fact in FACTS.values():
            Draft202012Validator.check_schema(fact.schema)
            assert fact.schema["type"] in ("string", "integer", "boolean", "array"), fact.name
            assert fact.schema["type"] != "array" or fact.schema["items"]["type"] == "string", fact.name
            assert fact.says, fact.name


def plain(data: Any) -> Any:
    """What YAML read, as JSON would hold it: a date is a text."""
    if isinstance(data, (date, datetime)):
        return data.isoformat()
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, list) else data


def schema(name: str) -> Draft202012Validator:
    found = json.loads(schema_file(name).read_text())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found, format_checker=Draft202012Validator.FORMAT_CHECKER)


class TestSchemas:
    """rule.schema.json says, for editors, what the loader says: all but which facts and kinds there are."""

    # What a schema of the form alone cannot know.
    BEYOND = frozenset(
        {
            "another id than the file's",
            "an unknown kind",
            "an unknown fact",
            "a number as fact",
            "a fact of another kind",
            "a word for other types",
            "a value the fact never takes",
            "a value of another type",
            "a type the fact never has",
            "an impossible item",
            "an impossible list",
            "evidence that is no fact",
            "a placeholder of a fact it does not read",
            "a placeholder of nothing",
            "a placeholder with a blank",
            "a placeholder in a command",
            "a placeholder within quotes",
            "a placeholder that does not end",
            "a command for another kind",
        }
    )

    @pytest.mark.parametrize("name", REFUSALS)
    def test_schema_and_loader_refuse_the_same(self, name: str) -> None:
        try:
            data = yaml.safe_load(REFUSALS[name][0])
        except (yaml.YAMLError, RecursionError):
            return  # YAML's own matter
        if "twice" in REFUSALS[name][2] and name != "a kind twice":
            return  # YAML's own matter
        assert schema("rule").is_valid(plain(data)) == (name in self.BEYOND)

    @pytest.mark.parametrize("file", list(rule_files(pack_directory())), ids=lambda file: file.stem)
    def test_every_rule_of_the_pack_is_valid(self, file: Path) -> None:
        schema("rule").validate(plain(read_yaml(file)))

    @pytest.mark.parametrize("file", sorted(pack_directory().glob("*/*.cases.yaml")), ids=lambda file: file.stem)
    def test_all_cases_of_the_pack_are_valid(self, file: Path) -> None:
        schema("cases").validate(plain(read_yaml(file)))

    def test_its_words_and_choices_are_the_loaders(self) -> None:
        found: Any = schema("rule").schema
        assert set(found["$defs"]["condition"]["properties"]) == set(WORDS)
        assert tuple(found["properties"]["basis"]["enum"]) == BASES
        assert found["properties"]["severity"]["enum"] == [severity.label for severity in Severity]

    @pytest.mark.parametrize("fact", ["endpoint.type", "tls.modes"])
    @pytest.mark.parametrize(
        "condition",
        [
            {"const": "source"},
            {"enum": ["source"]},
            {"enum": "source"},
            {"type": "string"},
            {"type": "text"},
            {"type": "null"},
            {"minimum": "1"},
            {"maximum": True},
            {"minLength": -1},
            {"minLength": 1},
            {"maxLength": 1.5},
            {"pattern": "("},
            {"pattern": "^s"},
            {"pattern": 1},
            {"minItems": 1},
            {"minItems": 1.0},
            {"maxItems": None},
            {"uniqueItems": True},
            {"uniqueItems": "yes"},
            {"contains": {"const": "require"}},
            {"contains": {}},
            {"items": "require"},
            {"items": {"pattern": "^verify"}},
            {"minItems": 1, "contains": {"enum": ["require"]}},
            {"const": "source", "anyOf": []},
        ],
        ids=json.dumps,
    )
    def test_a_condition_that_the_schema_refuses_the_loader_refuses(
        self, tmp_path: Path, fact: str, condition: dict[str, Any]
    ) -> None:
        data = yaml.safe_load(GOOD)
        data["when"] = {fact: condition}
        valid = schema("rule").is_valid(data)
        said = ""
        try:
            load_pack(pack_of(tmp_path, TLS001=yaml.safe_dump(data)))
        except PackError as error:
            said = str(error)
        beyond = re.search(r"says nothing about it|it is never|is never|, never ", said)
        assert beyond or valid == (not said), said
