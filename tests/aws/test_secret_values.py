"""What is derived of a secret's value, and that nothing else of it leaves."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dms_lint.aws.secret_values import characters, derive, holds_value
from dms_lint.collectors import read_inputs
from dms_lint.collectors.exports import parse_export
from dms_lint.data.tables import pack_directory
from dms_lint.engine.scan import scan
from dms_lint.model import Document, Notice
from dms_lint.report import Style, render
from dms_lint.rulepack.loader import load_pack
from tests.build import NOW

PACK = load_pack(pack_directory())
ACCOUNT, REGION = "111122223333", "eu-west-1"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dms/orders-a1B2c3"
HOST = "orders.c1a2b3c4d5e6.eu-west-1.rds.amazonaws.com"
SECRET = {"username": "dms", "password": "hunter2", "port": 3306, "host": HOST}
LEAST = 4

passwords = st.text(min_size=1, max_size=40) | st.text(alphabet=";.:+{}*&,%\\aZ\"'/@ ", min_size=1, max_size=40)


def answer(value: Any, **more: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value)
    return {
        "ARN": ARN,
        "Name": "dms/orders",
        "VersionId": "e5f6a7b8-1111-2222-3333-444455556666",
        "SecretString": text,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": "2026-10-01T08:00:00+00:00",
        **more,
    }


def of(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = derive(answer(value))["Derived"]
    return found


def parse(value: Any, *, read_secrets: bool = True) -> list[Document | Notice]:
    return list(parse_export(json.dumps(value).encode(), "x.json", read_secrets=read_secrets))


def pieces(text: str) -> set[str]:
    """Every part of a text that is long enough to give something away, as it is and as JSON writes it."""
    written = {text, json.dumps(text)[1:-1], repr(text)[1:-1]}
    return {one[n : n + LEAST] for one in written for n in range(len(one) - LEAST + 1)}


def tells(password: str, said: str, without: str) -> bool:
    """Whether what is said has a part of the password that is not there anyhow."""
    return any(piece in said and piece not in without for piece in pieces(password))


# -- what is derived


def test_a_secret_for_a_database_gives_members_and_address() -> None:
    assert of(SECRET) == {
        "Json": True,
        "Members": ["host", "password", "port", "username"],
        "Host": HOST,
        "Port": "3306",
        "PasswordCharacters": [],
        "AsmPasswordCharacters": [],
    }


def test_a_secret_for_asm_gives_its_server() -> None:
    found = of({"asm_user": "asm", "asm_password": "a;b.c", "asm_server": f"{HOST}:1521/+ASM"})
    assert found["Members"] == ["asm_password", "asm_server", "asm_user"]
    assert found["AsmServer"] == f"{HOST}:1521/+ASM"
    assert found["AsmPasswordCharacters"] == [";", "."]


def test_what_is_said_of_the_secret_itself_stays() -> None:
    found = derive(answer(SECRET, ResponseMetadata={"a": "hunter2"}))
    assert {name: one for name, one in found.items() if name != "Derived"} == {
        name: one for name, one in answer("").items() if name != "SecretString"
    }


@pytest.mark.parametrize(
    "value", ["hunter2", "", '"hunter2"', "[1]", "null", "5", "{", '{"a": 1', "[" * 100_000, "9" * 5000, "\ufeff{}"]
)
def test_what_is_no_json_object_is_none(value: str) -> None:
    found = of(value)
    assert (found["Json"], found["Members"]) == (False, [])


def test_a_binary_secret_is_no_json_object() -> None:
    value = answer("", SecretBinary=base64.b64encode(json.dumps(SECRET).encode()).decode())
    del value["SecretString"]
    assert derive(value)["Derived"]["Json"] is False


@pytest.mark.parametrize("value", ["", " ", None, [], {}, ["a"], {"a": "b"}, True])
def test_a_member_without_a_value_is_none(value: Any) -> None:
    assert of({**SECRET, "host": value})["Members"] == ["password", "port", "username"]


def test_names_are_taken_as_written_and_others_not_shown() -> None:
    assert of({"Host": HOST, "hunter2": "x", "username": "dms"})["Members"] == ["username"]


@pytest.mark.parametrize("port", [3306, "3306", " 3306 "])
def test_a_port_may_be_a_number_or_a_text(port: Any) -> None:
    assert of({**SECRET, "port": port})["Port"] == "3306"


@pytest.mark.parametrize(
    "host",
    ["mysql://dms:hunter2@db", "dms:hunter2@db", "db password=hunter2", "hunter2", "hunter2.example.com", "a" * 300],
)
def test_a_host_that_may_hold_the_password_is_not_shown(host: str) -> None:
    found = of({**SECRET, "host": host})
    assert "Host" not in found
    assert "host" in found["Members"]


@pytest.mark.parametrize(
    "host", ["db", "db.example.com", "10.0.0.1", "2001:db8::1", "[2001:db8::1]", "db\\SQL", "db,1433"]
)
def test_a_host_is_told(host: str) -> None:
    assert of({**SECRET, "host": host})["Host"] == host


@given(st.text())
def test_the_characters_of_a_password_are_those_of_the_table(password: str) -> None:
    found = of({**SECRET, "password": password})["PasswordCharacters"]
    assert found == [one for one in ";.:+{}*&,%\\" if one in password]
    assert characters() == ";.:+{}*&,%\\"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
named = st.sampled_from(["ARN", "Name", "VersionId", "VersionStages", "CreatedDate", "SecretString", "SecretBinary"])


@given(st.dictionaries(named, anything | st.just(json.dumps(SECRET))))
@example({"SecretString": '{"port": NaN, "host": 1e400, "password": -0.0}'})
def test_no_answer_breaks_it_and_what_is_kept_is_plain(found: dict[str, Any]) -> None:
    record = derive(found)
    assert set(record) <= {"ARN", "Name", "VersionId", "VersionStages", "CreatedDate", "Derived"}
    assert set(record["Derived"]["Members"]) <= {*SECRET, "asm_user", "asm_password", "asm_server"}


# -- nothing else leaves


@given(passwords, passwords)
@example("hunter2", "db.example.com")
def test_the_record_depends_on_the_passwords_characters_alone(one: str, other: str) -> None:
    assume(bool(one.strip()) == bool(other.strip()))
    assume(not any(len(word.strip()) >= LEAST and word.strip() in f"{HOST} 3306" for word in (one, other)))
    first, second = (of({**SECRET, "password": word}) for word in (one, other))
    first.pop("PasswordCharacters")
    second.pop("PasswordCharacters")
    assert first == second


values = st.one_of(
    st.text(),
    st.builds(lambda word: json.dumps({**SECRET, "password": word}), passwords),
    st.builds(lambda word: json.dumps({**SECRET, "password": word})[:-1], passwords),
    st.builds(lambda word: json.dumps({**SECRET, "host": f"mysql://dms:{word}@db", "password": word}), passwords),
    st.builds(lambda word: json.dumps({**SECRET, "host": word, "password": word}), passwords),
    st.builds(lambda word: json.dumps({word: word}), passwords),
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(json.dumps),
)


@given(values, st.booleans())
def test_no_value_is_told_by_a_document_or_a_notice(value: str, read_secrets: bool) -> None:
    body = answer(value)
    plain = repr(parse(answer(SECRET))) + repr(parse(answer(SECRET), read_secrets=False)) + repr(parse(answer("x")))
    for listed in (body, [body], [body, body]):
        found = parse(listed, read_secrets=read_secrets)
        assert found
        assert all(isinstance(one, Document) is read_secrets for one in found if not isinstance(listed, list))
        try:
            held = json.loads(value)
        except (ValueError, RecursionError):
            held = value
        password = held.get("password", "") if isinstance(held, dict) else value
        assert not tells(str(password), repr(found) + " ".join(map(str, found)), plain)


@pytest.mark.parametrize("read_secrets", [False, True])
@settings(max_examples=40)
@given(password=passwords)
def test_no_report_tells_a_password(
    tmp_path_factory: pytest.TempPathFactory, read_secrets: bool, password: str
) -> None:
    def report(word: str) -> str:
        folder = tmp_path_factory.mktemp("export")
        endpoint = {
            "EndpointArn": f"arn:aws:dms:{REGION}:{ACCOUNT}:endpoint:ORDERS",
            "EndpointIdentifier": "orders",
            "EndpointType": "SOURCE",
            "EngineName": "mysql",
            "SslMode": "none",
            "MySQLSettings": {
                "SecretsManagerSecretId": ARN,
                "SecretsManagerAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/dms-secret-access",
            },
        }
        (folder / "e.json").write_text(json.dumps({"Endpoints": [endpoint]}))
        (folder / "s.json").write_text(json.dumps(answer({**SECRET, "password": word})))
        (folder / "broken.json").write_text(json.dumps(answer({**SECRET, "password": word}))[:-4])
        rules = [rule for rule in PACK.rules if rule.id.startswith("SEC")]
        found = scan(read_inputs([str(folder)], read_secrets=read_secrets), PACK, rules, at=NOW, all_verdicts=True)
        found = found._replace(started_at=NOW, duration_s=0.0)
        shown = "".join(text for kind in ("json", "text") for text in render(kind, found, Style(width=200)))
        return (shown + repr(found)).replace(str(folder), "")

    assert not tells(password, report(password), report("x;.:+{}*&,%\\x") + report("x"))


def test_an_answer_with_a_value_is_told_from_others() -> None:
    assert holds_value(answer(""))
    assert holds_value({"SecretBinary": None})
    assert not holds_value({"ARN": ARN})
    assert not holds_value([answer("")])


# -- reading it back


def test_a_derived_record_is_read_without_being_asked_for() -> None:
    (found,) = parse(derive(answer(SECRET)), read_secrets=False)
    assert isinstance(found, Document)
    assert found.operation == "secretsmanager:GetSecretValue"
    assert found.body["Derived"]["Host"] == HOST


def test_a_file_is_read_only_when_asked_for(tmp_path: Path) -> None:
    file = Path(tmp_path) / "get-secret-value.json"
    file.write_text(json.dumps(answer(SECRET), indent=4))
    (notice,) = read_inputs([str(tmp_path)])
    assert isinstance(notice, Notice)
    assert notice.problem
    assert notice.message == "holds a secret's value: not read without --read-secrets; delete this file"
    for paths in ([str(tmp_path)], [str(file)]):
        (found,) = read_inputs(paths, read_secrets=True)
        assert isinstance(found, Document)
        assert found.file == str(file)
