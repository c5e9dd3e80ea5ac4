from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.collectors import read_inputs
from dms_lint.collectors.exports import parse_export
from dms_lint.collectors.recognition import subject_of
from dms_lint.model import Document, Notice

ACCOUNT, REGION = "111122223333", "eu-west-1"
ORDERS = f"arn:aws:dms:{REGION}:{ACCOUNT}:endpoint:ORDERS"
LAKE = f"arn:aws:dms:{REGION}:{ACCOUNT}:endpoint:LAKE"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ENDPOINTS = {"Endpoints": [{"EndpointArn": ORDERS, "EndpointIdentifier": "orders"}]}
TASKS: dict[str, Any] = {"ReplicationTasks": []}


def parse(content: bytes | str | Any, file: str = "export.json") -> list[Document | Notice]:
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    return list(parse_export(content, file))


def document(content: Any, file: str = "export.json") -> Document:
    (found,) = parse(content, file)
    assert isinstance(found, Document), found
    return found


def notice(content: Any, file: str = "export.json") -> Notice:
    (found,) = parse(content, file)
    assert isinstance(found, Notice), found
    assert found.file == file
    return found


class TestText:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-le bom", "utf-16-be bom"]
    )
    @pytest.mark.parametrize("indent", [None, 4])
    def test_any_encoding_that_shells_write_is_read(self, encoding: str, indent: int | None) -> None:
        name, _, bom = encoding.partition(" ")
        text = "\ufeff" * bool(bom) + json.dumps({**ENDPOINTS, "Ü": "ü€"}, indent=indent, ensure_ascii=False)
        found = document(text.encode(name))
        assert found.operation == "dms:DescribeEndpoints"
        assert found.body["Ü"] == "ü€"

    @pytest.mark.parametrize(
        "content",
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xfe\x00", b"\x80\x81", b'{"a": "\0"}\0', b"PK\x03\x04\0\0", b"{\0"],
    )
    def test_binary_is_no_text(self, content: bytes) -> None:
        assert notice(content) == Notice("is binary: no text in UTF-8 or UTF-16", "export.json", problem=True)

    @pytest.mark.parametrize("content", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xff\xfe"])
    def test_an_empty_file_is_a_problem(self, content: bytes) -> None:
        assert notice(content).message == "is empty: the command that wrote it failed, or is still to be run"

    def test_an_empty_error_file_is_none(self) -> None:
        assert parse(b"", "describe-endpoints.err") == []


class TestJson:
    def test_several_values_in_a_file_are_several_answers(self) -> None:
        found = parse(json.dumps(ENDPOINTS, indent=2) + "\n" + json.dumps(TASKS) + json.dumps(TASKS) + "\r\n")
        assert [one.operation for one in found if isinstance(one, Document)] == [
            "dms:DescribeEndpoints",
            "dms:DescribeReplicationTasks",
            "dms:DescribeReplicationTasks",
        ]
        assert [one.line for one in found] == [1, 9, 9]

    def test_json_lines_are_several_answers(self) -> None:
        found = parse("\n".join(json.dumps(ENDPOINTS) for _ in range(3)), "export.jsonl")
        assert [one.line for one in found] == [1, 2, 3]

    def test_a_list_of_answers_is_several_answers(self) -> None:
        assert len(parse([ENDPOINTS, TASKS])) == 2

    @pytest.mark.parametrize("content", [ENDPOINTS["Endpoints"], [], [1], ["a"]])
    def test_a_bare_list_is_no_answer(self, content: Any) -> None:
        assert notice(content).message == "is a bare list: export the whole answer, without --query"

    @pytest.mark.parametrize("content", [1, "text", None, True, {}, {"Resources": {}}, {"Endpoints": {}}])
    def test_other_json_is_no_answer(self, content: Any) -> None:
        found = notice(json.dumps(content))
        assert found.problem
        assert found.message.startswith("is JSON, but no AWS answer that dms-lint reads")

    def test_of_other_json_the_members_are_named(self) -> None:
        assert notice({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}).message.endswith("(it has a, b, c, d, ...)")

    @pytest.mark.parametrize("content", ['{"Endpoints": [', '{"Endpoints": ["a', '{"a": 1', '{"a"', "[1,\n", '{"a":'])
    def test_a_file_that_breaks_off_is_said_to(self, content: str) -> None:
        found = notice(content)
        assert found.message == "breaks off: the JSON does not end"
        assert found.problem

    def test_what_came_before_the_break_is_read(self) -> None:
        found = parse(json.dumps(ENDPOINTS) + '\n{"Endpoints"')
        assert isinstance(found[0], Document)
        assert found[1] == Notice("breaks off: the JSON does not end", "export.json", 2, problem=True)

    @pytest.mark.parametrize("content", ["ENDPOINTS\tORDERS\n", "Endpoints:\n- a: 1\n", "<html>", "hunter2"])
    def test_what_is_not_json_is_not_repeated(self, content: str) -> None:
        found = notice(content)
        assert found.message == "is not JSON: export with --output json"
        assert content.split()[0] not in str(found)

    def test_a_mistake_in_json_is_located(self) -> None:
        found = notice('{\n  "a": 1,\n  b: 2\n}')
        assert found.line == 3
        assert found.message.startswith("is not JSON: ")

    @pytest.mark.parametrize("content", ["[" * 99999, '{"a":' * 99999 + "1" + "}" * 99999])
    def test_what_is_nested_too_deeply_is_no_answer(self, content: str) -> None:
        assert notice(content).message == "is nested too deeply to be an AWS answer"

    def test_a_number_beyond_measure_is_no_answer(self) -> None:
        assert notice('{"Endpoints": [' + "9" * 5000 + "]}").message.startswith("is not JSON: ")

    @pytest.mark.parametrize(
        "content",
        [
            {"RoleDetailList": [], "UserDetailList": 5, "Policies": "text"},
            {"TagList": 5},
            {"TagList": [5]},
            {"TagList": [{"ResourceArn": [1]}]},
            {"Endpoints": [{"EndpointArn": "arn:aws"}]},
            {"ARN": "arn:"},
        ],
        ids=json.dumps,
    )
    def test_garbage_where_a_listing_should_stand_does_no_harm(self, content: Any) -> None:
        assert len(parse(content)) == 1


class TestSecrets:
    VALUE: ClassVar = {
        "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders-AbCdEf",
        "Name": "orders",
        "VersionId": "1",
        "SecretString": "hunter2",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": "2026-01-01T00:00:00Z",
    }

    @pytest.mark.parametrize("member", ["SecretString", "SecretBinary"])
    @pytest.mark.parametrize("listed", [True, False])
    def test_a_secrets_value_is_never_read(self, member: str, *, listed: bool) -> None:
        value = dict(self.VALUE)
        value[member] = value.pop("SecretString")
        found = parse([value, value] if listed else value)
        assert all(isinstance(one, Notice) and one.problem for one in found)
        assert "hunter2" not in str(found)

    @pytest.mark.parametrize(
        "content",
        ['"hunter2"', "hunter2", "'hunter2'", '{"username": "admin", "password": "hunter2"}', '{"password": "hunter2'],
    )
    def test_what_a_secret_holds_is_not_repeated(self, content: str) -> None:
        assert "hunter2" not in str(notice(content))


class TestLines:
    BODY: ClassVar = {
        "Marker": None,
        "Endpoints": [
            {"CertificateArn": LAKE, "EndpointArn": ORDERS, "EndpointIdentifier": "orders"},
            {"EndpointIdentifier": "lake", "EndpointArn": LAKE},
        ],
    }

    def test_in_a_pretty_file_each_item_has_the_line_of_its_id(self) -> None:
        text = "\n\n" + json.dumps(self.BODY, indent=4)
        found = document(text)
        assert found.line == 3
        lines = text.splitlines()
        assert [lines[line - 1].strip() for line in found.lines["Endpoints"]] == [
            f'"EndpointArn": "{ORDERS}",',
            f'"EndpointArn": "{LAKE}"',
        ]

    def test_in_a_one_line_file_all_stand_on_that_line(self) -> None:
        assert list(document("\n" + json.dumps(self.BODY, separators=(",", ":"))).lines["Endpoints"]) == [2, 2]

    def test_two_items_of_one_id_have_two_lines(self) -> None:
        text = json.dumps({"Endpoints": [{"EndpointArn": ORDERS}, {"EndpointArn": ORDERS}]}, indent=1)
        first, second = document(text).lines["Endpoints"]
        assert first < second

    def test_every_listing_of_an_answer_has_its_lines(self) -> None:
        body: Any = {
            "UserDetailList": [{"Arn": f"arn:aws:iam::{ACCOUNT}:user/bob"}],
            "RoleDetailList": [{"Arn": f"arn:aws:iam::{ACCOUNT}:role/dms-vpc-role"}],
        }
        found = document(json.dumps(body, indent=1))
        assert {name: list(lines) for name, lines in found.lines.items()} == {
            "UserDetailList": [4],
            "RoleDetailList": [9],
        }

    def test_an_item_without_an_id_does_no_harm(self) -> None:
        text = json.dumps(
            {"Endpoints": [{"EndpointArn": ORDERS}, 5, {"EndpointArn": 7}, {"EndpointArn": LAKE}]}, indent=1
        )
        assert list(document(text).lines["Endpoints"]) == [4, 4, 4, 11]


class TestSubjects:
    POLICY: ClassVar = {"Policy": "{}", "PolicyName": "default"}

    @pytest.mark.parametrize(
        "file",
        [
            "get-key-policy.1234abcd.json",
            "get-key-policy_1234abcd.json",
            "get-key-policy 1234abcd.json",
            "get-key-policy.1234abcd.JSON",
            "a/get-key-policy/1234abcd.json",
            "a/b/get-key-policy.1234abcd.jsonl",
        ],
    )
    def test_a_file_name_says_what_an_answer_is_about(self, file: str) -> None:
        assert document(self.POLICY, file).subject == "1234abcd"

    @pytest.mark.parametrize(
        "file", ["policy.json", "get-key-policy.json", "get-key-policyx.json", "describe-key.1.json"]
    )
    def test_an_answer_about_nothing_is_a_problem_with_a_way_out(self, file: str) -> None:
        assert notice(self.POLICY, file).message == (
            "does not say what it is about: name the file get-key-policy.KEY.json"
        )

    @pytest.mark.parametrize(
        ("content", "name"),
        [
            ({"AttachedPolicies": []}, "list-attached-role-policies.ROLE.json"),
            ({"LocationConstraint": None}, "get-bucket-location.BUCKET.json"),
            ({"PolicyVersion": {"Document": {}}}, "get-policy-version.POLICY.json"),
            ({"IsLogging": True}, "get-trail-status.TRAIL.json"),
            ({"TagList": []}, "list-tags-for-resource.RESOURCE.json"),
        ],
    )
    def test_the_way_out_leads_out(self, content: Any, name: str) -> None:
        assert notice(content).message.endswith(name)
        assert document(content, name).subject

    @pytest.mark.parametrize(
        "body",
        [
            {"KeyRotationEnabled": True, "KeyId": KEY},
            {"TagList": [{"ResourceArn": ORDERS, "Key": "a", "Value": "b"}]},
            {"SummaryMap": {}},
            {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/dms-vpc-role"}},
        ],
        ids=str,
    )
    def test_what_says_itself_what_it_is_about_needs_no_name(self, body: dict[str, Any]) -> None:
        assert document(body).subject == ""

    def test_an_error_file_is_called_as_the_answer_would_be(self) -> None:
        for file in ("get-key-policy.1234abcd.err", "get-key-policy.1234abcd.json.err", "get-key-policy/1234abcd.err"):
            assert subject_of(file, "kms:GetKeyPolicy") == "1234abcd"


def denied(operation: str, message: str, code: str = "AccessDenied") -> str:
    return f"\nAn error occurred ({code}) when calling the {operation} operation: {message}\n"


CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Audit/bob"


class TestRefusals:
    @pytest.mark.parametrize("file", ["describe-endpoints.json", "describe-endpoints.err", "stderr.err"])
    def test_an_error_message_is_a_refused_call(self, file: str) -> None:
        text = denied(
            "DescribeEndpoints", f"User: {CALLER} is not authorized to perform: dms:DescribeEndpoints on resource: *"
        )
        found = document(text, file)
        assert found.operation == "dms:DescribeEndpoints"
        assert found.refusal is not None
        assert found.refusal.code == "AccessDenied"
        assert (found.account, found.subject, found.line, dict(found.body)) == (ACCOUNT, "", 2, {})

    def test_retries_and_what_else_a_shell_wrote_do_no_harm(self) -> None:
        text = "warning: python 3.7\r\n" + denied("DescribeEndpoints", "Rate exceeded", "ThrottlingException").replace(
            "operation:", "operation (reached max retries: 4):"
        )
        found = document(text, "e.err")
        assert found.refusal is not None
        assert (found.refusal.code, found.refusal.message, found.line) == ("ThrottlingException", "Rate exceeded", 3)

    def test_several_refusals_in_one_file_are_several(self) -> None:
        found = parse(denied("DescribeEndpoints", "no") + denied("ListRoles", "no"), "all.err")
        assert [one.operation for one in found if isinstance(one, Document)] == [
            "dms:DescribeEndpoints",
            "iam:ListRoles",
        ]

    def test_a_call_of_two_services_is_told_apart_by_its_message(self) -> None:
        text = denied("DescribeCertificates", f"User: {CALLER} is not authorized to perform: rds:DescribeCertificates")
        assert document(text).operation == "rds:DescribeCertificates"

    def test_a_call_of_two_services_counts_for_both_if_unclear(self) -> None:
        found = parse(denied("DescribeCertificates", "Rate exceeded"))
        assert [one.operation for one in found if isinstance(one, Document)] == [
            "dms:DescribeCertificates",
            "rds:DescribeCertificates",
        ]

    def test_a_call_that_nobody_needs_is_worth_a_line(self) -> None:
        found = notice(denied("ListFoos", "no"))
        assert not found.problem
        assert found.message == "says that ListFoos was refused, which dms-lint does not need"

    @pytest.mark.parametrize(
        ("operation", "message", "subject"),
        [
            (
                "DescribeKey",
                f"User: {CALLER} is not authorized to perform: kms:DescribeKey on resource: {KEY} because no "
                "identity-based policy allows the kms:DescribeKey action",
                KEY,
            ),
            ("DescribeKey", f"Key '{KEY}' does not exist", KEY),
            ("GetRole", "The role with name dms-vpc-role cannot be found.", "dms-vpc-role"),
            (
                "GetRole",
                f"User: arn:aws:iam::{ACCOUNT}:user/bob is not authorized to perform: iam:GetRole on resource: "
                "role dms-vpc-role because no identity-based policy allows the iam:GetRole action",
                "dms-vpc-role",
            ),
            (
                "GetRole",
                f"User: arn:aws:iam::{ACCOUNT}:user/bob is not authorized to perform: iam:GetRole on resource: "
                f"arn:aws:iam::{ACCOUNT}:role/dms-vpc-role with an explicit deny",
                f"arn:aws:iam::{ACCOUNT}:role/dms-vpc-role",
            ),
            ("DescribeSecret", "Secrets Manager can't find the specified secret.", ""),
        ],
    )
    def test_the_message_says_what_the_call_was_about(self, operation: str, message: str, subject: str) -> None:
        assert document(denied(operation, message), "stderr.err").subject == subject

    def test_the_file_name_says_it_before_the_message(self) -> None:
        text = denied("GetKeyPolicy", f"Key '{KEY}' does not exist", "NotFoundException")
        assert document(text, "get-key-policy.alias-orders.err").subject == "alias-orders"

    def test_another_complaint_is_a_problem(self) -> None:
        found = notice("\nUnable to locate credentials. You can configure credentials by running aws login", "e.err")
        assert found.message == "is no error message of the AWS CLI: see what it says"

    @pytest.mark.parametrize("name", ["get-secret-value.err", "x.json.err", "x.json"])
    @pytest.mark.parametrize(
        "content",
        ['{"SecretString": "hunter2", "ARN": "x"}', '{"username":"u","password":"hunter2"}', "password=hunter2"],
    )
    def test_what_a_file_holds_besides_answers_is_never_quoted(self, name: str, content: str) -> None:
        assert "hunter2" not in notice(content, name).message

    def test_json_that_quotes_an_error_is_json(self) -> None:
        body: Any = {
            "ReplicationTasks": [{"ReplicationTaskArn": ORDERS, "LastFailureMessage": denied("GetRole", "no")}]
        }
        assert document(body).refusal is None


class TestEmptyLists:
    """Several services answer under the same key: an empty list does not say whose it is."""

    @pytest.mark.parametrize(
        "file", ["all.json", "rds-describe-pending-maintenance-actions.json", "rds.describe-pending.json", "-"]
    )
    def test_an_empty_list_under_a_shared_key_needs_its_command(self, file: str) -> None:
        found = notice(json.dumps({"PendingMaintenanceActions": []}), file)
        assert found.problem
        assert "name the file describe-pending-maintenance-actions.json" in found.message

    @pytest.mark.parametrize(
        "file",
        [
            "describe-pending-maintenance-actions.json",
            "a/describe-pending-maintenance-actions.2.json",
            "describe-pending-maintenance-actions/eu-west-1.json",
            "dms-describe-pending-maintenance-actions.json",
        ],
    )
    def test_with_that_name_it_is_an_answer(self, file: str) -> None:
        (found,) = parse_export(b'{"PendingMaintenanceActions": []}', file)
        assert isinstance(found, Document)

    def test_a_list_that_is_not_empty_says_whose_it_is(self) -> None:
        body = {"Endpoints": [{"EndpointArn": ORDERS}]}
        assert document(body).operation == "dms:DescribeEndpoints"


class TestFolders:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("b/tasks.json", "a/endpoints.JSON", "a/deep/er/more.jsonl", ".git/hidden.json", "a/.hidden.json"):
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(TASKS))
        (tmp_path / "notes.txt").write_text("not an export")
        (tmp_path / "folder.json").mkdir()
        return tmp_path

    def files(self, *paths: Path) -> list[str]:
        found = list(read_inputs(map(str, paths)))
        return [Path(one.file or "").relative_to(paths[0]).as_posix() for one in found]

    def test_all_below_a_folder_is_read_in_order_but_what_is_hidden(self, folder: Path) -> None:
        assert self.files(folder) == ["a/endpoints.JSON", "a/deep/er/more.jsonl", "b/tasks.json"]

    def test_a_loop_of_links_is_walked_once(self, folder: Path) -> None:
        (folder / "a" / "loop").symlink_to(folder, target_is_directory=True)
        (folder / "b" / "self.json").symlink_to(folder / "b" / "self.json")
        (folder / "b" / "linked.json").symlink_to(folder / "a" / "endpoints.JSON")
        assert self.files(folder)[2:] == ["b/linked.json", "b/tasks.json"]

    def test_a_file_is_read_whatever_it_is_called(self, tmp_path: Path) -> None:
        file = tmp_path / "export.txt"
        file.write_text(json.dumps(TASKS))
        (found,) = read_inputs([str(file)])
        assert isinstance(found, Document)
        assert found.modified == file.stat().st_mtime

    def test_a_folder_without_exports_is_a_problem(self, tmp_path: Path) -> None:
        (found,) = read_inputs([str(tmp_path)])
        assert isinstance(found, Notice)
        assert found.message == "no file to read in this folder (.err, .json, .jsonl, .ndjson)"

    def test_what_is_not_there_is_a_problem_and_stops_nothing(self, folder: Path) -> None:
        found = list(read_inputs([str(folder / "gone.json"), str(folder / "b")]))
        assert found[0] == Notice("cannot be read: No such file or directory", str(folder / "gone.json"), problem=True)
        assert isinstance(found[1], Document)

    def test_an_unreadable_file_is_a_problem(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", refuse)
        (found,) = read_inputs([str(folder / "b" / "tasks.json")])
        assert isinstance(found, Notice)
        assert (found.message, found.problem) == ("cannot be read: Permission denied", True)

    def test_an_unreadable_folder_is_a_problem_and_stops_nothing(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.scandir

        def refuse(path: Any) -> Any:
            if Path(path).name == "a":
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        monkeypatch.setattr(os, "scandir", refuse)
        found = list(read_inputs([str(folder)]))
        assert Notice("cannot be read: Permission denied", str(folder / "a"), problem=True) in found
        assert [one for one in found if isinstance(one, Document)]

    def test_a_dash_is_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(ENDPOINTS).encode())))
        (found,) = read_inputs(["-"])
        assert isinstance(found, Document)
        assert found.file == "-"


FILES = st.sampled_from(["a.json", "a.err", "get-key-policy.k.json", "describe-endpoints.json", "-"])
PIECES = st.sampled_from(
    [
        b'{"Endpoints": [',
        b'{"EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:A"}',
        b"]}",
        b'{"RoleDetailList": ',
        b'{"TagList": ',
        b'{"ARN": "arn:',
        b"null",
        b"[",
        b",",
        b'"',
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\0",
        b"An error occurred (AccessDenied) when calling the GetRole operation: x",
        b"\n",
    ]
)


@given(st.binary(max_size=200) | st.lists(PIECES, max_size=8).map(b"".join), FILES)
def test_no_bytes_are_too_much(content: bytes, file: str) -> None:
    for found in parse_export(content, file):
        assert isinstance(found, (Document, Notice))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([ORDERS, "arn:", KEY]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Endpoints",
                    "EndpointArn",
                    "RoleDetailList",
                    "Policies",
                    "Arn",
                    "TagList",
                    "ResourceArn",
                    "ARN",
                    "Name",
                    "Policy",
                    "Role",
                    "KeyRotationEnabled",
                    "KeyId",
                    "AttachedPolicies",
                    "SummaryMap",
                    "SecretString",
                    "Marker",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(JSON, FILES)
def test_no_json_is_too_much(value: Any, file: str) -> None:
    for found in parse_export(json.dumps(value).encode(), file):
        assert isinstance(found, (Document, Notice))
