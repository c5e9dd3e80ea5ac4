"""How pipelines run dms-lint: the hooks of pre-commit, the GitHub Action and the image, each as far as it runs here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

import dms_lint
from dms_lint.cli import main
from dms_lint.report.links import PROJECT
from tests.cli.test_cli import endpoint
from tests.forked import run

if TYPE_CHECKING:
    from tests.aws.server import Aws

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
ENCRYPTED, OPEN = endpoint("crm"), endpoint("orders", SslMode="none")
STEP = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][-1]


def ran(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def exported(folder: Path, *endpoints: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "describe-endpoints.json").write_text(json.dumps({"Endpoints": list(endpoints)}))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with an export of an endpoint that is encrypted; only what TLS001 says counts."""
    here = tmp_path / "repository"
    here.mkdir()
    ran("git", "init", "-q", cwd=here)
    (here / ".dms-lint.yaml").write_text("select: TLS001\n")
    exported(here / "export", ENCRYPTED)
    return here


# -- hooks of pre-commit


HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def committed(repository: Path, hook: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """What pre-commit does with what is staged: the hook as published, run by the dms-lint that is installed here."""
    ours = {**HOOKS[hook], **more, "language": "system"}
    configured = {"repos": [{"repo": "local", "hooks": [ours]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configured))
    ran("git", "add", ".", cwd=repository)
    home = str(repository.parent / "pre-commit")
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return ran(BIN / "pre-commit", "run", "--verbose", cwd=repository, PATH=path, PRE_COMMIT_HOME=home)


def test_the_manifest_of_hooks_is_one_that_pre_commit_takes(tmp_path: Path) -> None:
    done = ran(
        BIN / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=tmp_path, PRE_COMMIT_HOME="home"
    )
    assert done.returncode == 0, done.stdout


def test_a_commit_of_an_export_with_a_failure_is_refused(repository: Path) -> None:
    assert committed(repository, "dms-lint").returncode == 0
    exported(repository / "export", ENCRYPTED, OPEN)
    done = committed(repository, "dms-lint")
    assert done.returncode == 1
    assert "orders (mysql) is not encrypted" in done.stdout


def test_a_hook_reads_the_whole_folder(repository: Path) -> None:
    exported(repository / "export", OPEN)
    ran("git", "add", ".", cwd=repository)
    ran("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "before", cwd=repository)
    (repository / "export" / "describe-certificates.json").write_text('{"Certificates": []}')
    done = committed(repository, "dms-lint")
    assert done.returncode == 1
    assert "orders (mysql) is not encrypted" in done.stdout


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        ("export/describe-endpoints.json", True),
        ("describe-key.1.err", True),
        ("all.jsonl", True),
        ("all.ndjson", True),
        (".dms-lint.yaml", True),
        ("team/.dms-lint.yaml", True),
        ("README.md", False),
        ("package.json5", False),
        ("deploy.yaml", False),
    ],
)
def test_the_hook_runs_when_what_a_scan_reads_is_changed(file: str, runs: bool) -> None:
    assert bool(re.search(HOOKS["dms-lint"]["files"], file)) is runs


def test_no_hook_reads_a_live_account_unless_it_is_told_to() -> None:
    for hook in HOOKS.values():
        assert hook["args"], hook["id"]
        assert not hook["pass_filenames"]


def test_a_commit_of_a_pack_with_a_wrong_case_is_refused(repository: Path) -> None:
    family = repository / "rules" / "tls"
    family.mkdir(parents=True)
    for name in ("TLS001.yaml", "TLS001.cases.yaml"):
        shutil.copy(ROOT / "rules" / "tls" / name, family)
    shutil.copytree(ROOT / "rules" / "tables", repository / "rules" / "tables")
    for name in ("pack.yaml", "rules.yaml"):
        if (ROOT / "rules" / name).exists():
            shutil.copy(ROOT / "rules" / name, repository / "rules")
    assert committed(repository, "dms-lint-check-pack").returncode == 0
    cases = family / "TLS001.cases.yaml"
    cases.write_text(cases.read_text().replace("then: fail", "then: pass"))
    done = committed(repository, "dms-lint-check-pack")
    assert done.returncode == 1
    assert "TLS001" in done.stdout


# -- the GitHub Action


def acted(repository: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's last step as a runner runs it, with the dms-lint that is installed here."""
    (repository / ".summary").write_text("before\n")
    given = {name: "" for name in STEP["env"] if name != "DMS_LINT"}
    given |= {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
    assert set(given) == set(STEP["env"]) - {"DMS_LINT"}
    script = repository.parent / "step.sh"
    script.write_text(STEP["run"])
    return ran(
        *("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script),
        cwd=repository,
        DMS_LINT=str(BIN / "dms-lint"),
        GITHUB_STEP_SUMMARY=str(repository / ".summary"),
        **given,
    )


def test_the_action_is_one_that_github_takes() -> None:
    done = ran(
        *(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout


def test_nothing_that_somebody_else_writes_is_put_into_a_script() -> None:
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_every_input_of_the_action_is_used_and_described() -> None:
    text = (ROOT / "action.yml").read_text()
    for name, one in yaml.safe_load(text)["inputs"].items():
        assert text.count(f"${{{{ inputs.{name} }}}}") == 1
        assert one["description"]


def test_the_action_fails_on_a_finding_and_reports_it_thrice(repository: Path) -> None:
    exported(repository / "export", ENCRYPTED, OPEN)
    done = acted(repository, path="export", sarif_file="dms-lint.sarif")
    assert done.returncode == 1
    assert re.findall(r"^::error file=(.*?),line=1,title=(\w+)", done.stdout, re.MULTILINE) == [
        ("export/describe-endpoints.json", "TLS001")
    ]
    summary = (repository / ".summary").read_text()
    assert summary.startswith("before\n## dms-lint: 1 failed (1 high)")
    sarif = json.loads((repository / "dms-lint.sarif").read_text())
    assert [one["ruleId"] for one in sarif["runs"][0]["results"] if one.get("kind", "fail") == "fail"] == ["TLS001"]


def test_the_action_passes_when_nothing_fails(repository: Path) -> None:
    done = acted(repository, path="export")
    assert done.returncode == 0, done.stderr
    assert "0 failed" in (repository / ".summary").read_text()


def test_the_action_accepts_the_baseline_and_fails_on_new(repository: Path) -> None:
    exported(repository / "export", OPEN)
    assert ran(BIN / "dms-lint", "baseline", "export", "-o", "known.json", cwd=repository).returncode == 0
    assert acted(repository, path="export", baseline="known.json").returncode == 0
    exported(repository / "export", OPEN, endpoint("billing", SslMode="none"))
    done = acted(repository, path="export", baseline="known.json")
    assert done.returncode == 1
    assert re.findall(r"^::error .*::(\w+)", done.stdout, re.MULTILINE) == ["billing"]


def test_the_action_fails_again_the_day_after_a_waiver_ends(repository: Path) -> None:
    exported(repository / "export", OPEN)
    waiver = {"rule": "TLS001", "resource": "orders", "reason": "Moves in May.", "expires": "2027-05-31"}
    (repository / "team.yaml").write_text(json.dumps({"select": "TLS001", "waivers": [waiver]}))
    assert acted(repository, path="export", config="team.yaml", args="--at 2027-05-31").returncode == 0
    done = acted(repository, path="export", config="team.yaml", args="--at 2027-06-01")
    assert done.returncode == 1
    assert re.search(r"^::error .*title=TLS001", done.stdout, re.MULTILINE)


def test_the_action_fails_from_the_severity_on_that_it_is_given(repository: Path) -> None:
    exported(repository / "export", OPEN)
    assert acted(repository, path="export", fail_on="critical").returncode == 0
    assert acted(repository, path="export", fail_on="high").returncode == 1


def test_the_action_says_what_is_wrong_with_its_inputs(repository: Path) -> None:
    done = acted(repository, path="exprot", sarif_file="dms-lint.sarif")
    assert done.returncode == 2
    assert "there is no file or folder 'exprot'" in done.stderr
    assert (repository / ".summary").read_text() == "before\n"


def test_the_action_takes_paths_with_spaces_and_stars(repository: Path) -> None:
    exported(repository / "of * orders", OPEN)
    done = acted(repository, path="export\r\n\nof * orders\n")
    assert done.returncode == 1
    assert "2 resources" in done.stdout


@pytest.mark.parametrize("name", ["path", "args", "config", "baseline", "fail_on", "sarif_file"])
def test_no_input_of_the_action_becomes_a_command(repository: Path, name: str) -> None:
    text = "$(touch hacked) `touch hacked` ; touch hacked\ntouch hacked\n\" ; touch hacked ; ' ; touch hacked #"
    done = acted(repository, **{"path": "export", name: text})
    assert done.returncode == (0 if name == "sarif_file" else 2)  # it is a name that a file can have
    assert not (repository / "hacked").exists()


def test_an_option_in_place_of_a_path_is_a_path(repository: Path) -> None:
    done = acted(repository, path="--exit-zero")
    assert done.returncode == 2
    assert "there is no file or folder '--exit-zero'" in done.stderr


def test_no_name_in_the_log_is_a_command_to_the_runner(repository: Path) -> None:
    """The runner reads `##[...]` anywhere in a line; between the two marks it reads nothing but the second."""
    exported(repository / "export", endpoint("##[add-mask]a", SslMode="none"))
    out = acted(repository, path="export").stdout
    (token,) = re.findall(r"^::stop-commands::([0-9a-f]{32})$", out, re.MULTILINE)
    before, log, after = re.split(rf"::(?:stop-commands::)?{token}(?:::)?\n", out)
    assert before == ""
    assert r"\x23#[add-mask]a" in log
    assert all(line.startswith(("::error ", "::notice ")) for line in after.splitlines())


# -- the image


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and what follows them."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def copied() -> list[str]:
    return [
        name for word, rest in instructions() if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]
    ]


def test_the_image_runs_dms_lint_as_nobody_in_particular() -> None:
    last = dict(instructions())
    assert json.loads(last["ENTRYPOINT"]) == ["dms-lint"]
    assert int(last["USER"]) > 0
    assert all(re.fullmatch(r"python:3\.\d+-slim( AS build)?", rest) for word, rest in instructions() if word == "FROM")


def test_what_the_image_copies_is_what_the_build_is_sent() -> None:
    ignored, *sent = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert ignored == "*"
    assert {line[1:] for line in sent if line.startswith("!")} == set(copied())
    assert not any(fnmatch(name, line) for line in sent if not line.startswith("!") for name in copied())


def test_what_the_image_copies_is_enough_to_install(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    assert ran(*build, cwd=source).returncode == 0
    (wheel,) = (source / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"dms_lint/cli/__init__.py", "dms_lint/pack/compiled.json", "dms_lint/pack/tls/TLS001.yaml"} <= set(names)


# -- what the docs tell people to write


PAGE = ROOT / "docs" / "ci.md"
COMMANDS = ROOT / "docs" / "commands.md"
PAGES = (PAGE, ROOT / "README.md", COMMANDS)
# The schema of each file, as check-jsonschema has it.
SCHEMAS = {
    ".github/workflows/": ("--builtin-schema", "vendor.github-workflows"),
    ".gitlab-ci.yml": ("--builtin-schema", "vendor.gitlab-ci"),
    ".dms-lint.yaml": ("--schemafile", str(ROOT / "dms_lint" / "schemas" / "config.schema.json")),
}


def blocks(page: Path, *languages: str) -> list[str]:
    """The code of a page in one of these languages, without what it is indented by."""
    found = re.findall(r"^( *)```(\w+)\n(.*?)^\1```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, name, code in found if name in languages]


def files_of_the_page() -> list[tuple[str, str]]:
    """Name and text of each YAML file that the page shows; the first line names it."""
    return [(code.splitlines()[0].removeprefix("# "), code) for code in blocks(PAGE, "yaml")]


def one_step(workflow: str, action: str) -> dict[str, Any]:
    """What a workflow of the page gives to an action."""
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    (step,) = (step for step in job["steps"] if step["uses"].startswith(action))
    return dict(step["with"])


def commands(page: Path) -> list[list[str]]:
    """The words after `dms-lint` of each command that a page shows, in code blocks and within sentences."""
    names = "|".join(map(re.escape, main.commands))
    inline = re.findall(rf"(?<!`)`(dms-lint (?:{names})\b[^`]*)`(?!`)", page.read_text())
    lines = [line for code in blocks(page, "sh", "groovy") for line in code.replace("\\\n", " ").splitlines()]
    scripts = [yaml.safe_load(code)["dms-lint"]["script"] for name, code in files_of_the_page() if "gitlab" in name]
    if page == PAGE:
        lines += [line for script in scripts for line in script]
    told = [match for line in lines for match in re.findall(rf"(?:^|[\s/])(dms-lint (?:{names})\b.*)", line)]
    return [words(command) for command in (*told, *inline)]


def words(command: str) -> list[str]:
    """The words that dms-lint is given: up to a comment, a pipe, a redirection or the next command."""
    lexer = shlex.shlex(command.rstrip("'"), posix=True, punctuation_chars="|>&;")
    lexer.whitespace_split = True
    found: list[str] = []
    for word in lexer:
        if set(word) <= set("|>&;"):
            break
        found.append(word)
    return found[1:]


def test_each_file_on_the_page_is_one_its_reader_takes(tmp_path: Path) -> None:
    names = []
    for number, (name, text) in enumerate(files_of_the_page()):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        if name == ".pre-commit-config.yaml":
            command = ["pre-commit", "validate-config", str(file)]
        else:
            (schema,) = (schema for start, schema in SCHEMAS.items() if name.startswith(start))
            command = ["check-jsonschema", *schema, str(file)]
        done = ran(BIN / command[0], *command[1:], cwd=tmp_path, PRE_COMMIT_HOME=str(tmp_path / "home"))
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        names.append(name)
    assert len(names) == 6


def test_the_workflows_use_inputs_that_the_action_has() -> None:
    inputs = set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
    workflows = [text for name, text in files_of_the_page() if name.startswith(".github/")]
    assert len(workflows) == 2
    for workflow in workflows:
        assert set(one_step(workflow, "dms-lint/dms-lint@")) <= inputs
    live = one_step(workflows[1], "dms-lint/dms-lint@")
    assert parsed("scan", live["args"].split()).params["regions"] == ("all",)
    assert one_step(workflows[1], "github/codeql-action/upload-sarif@")["sarif_file"] == live["sarif-file"]


def test_the_hooks_of_the_page_exist_and_name_their_folder() -> None:
    (text,) = (text for name, text in files_of_the_page() if name == ".pre-commit-config.yaml")
    for hook in yaml.safe_load(text)["repos"][0]["hooks"]:
        assert hook["id"] in HOOKS
        assert hook["args"][0] == HOOKS[hook["id"]]["args"][0]
        name, *fixed = HOOKS[hook["id"]]["entry"].split()[1:]
        parsed(name, [*fixed, *hook["args"]])


def parsed(name: str, arguments: list[str]) -> click.Context:
    """A command with these arguments, within dms-lint: a command keeps what the first context says of its help."""
    return main.commands[name].make_context(name, arguments, parent=click.Context(main, **main.context_settings))


def test_the_page_names_the_released_or_next_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    changelog = re.search(r"^## \[(\d.*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert changelog
    pack = yaml.safe_load((ROOT / "rules" / "pack.yaml").read_text())
    assert {dms_lint.__version__, changelog[1], pack["version"]} == {project["version"]}
    (named,) = set(re.findall(r"\bv(\d+\.\d+\.\d+)", PAGE.read_text()))
    major, minor, _ = project["version"].split(".")
    assert named in (project["version"], f"{major}.{int(minor) + 1}.0")


def test_the_page_names_one_place_of_dms_lint() -> None:
    assert PROJECT == "https://github.com/dms-lint/dms-lint"
    places = set(re.findall(r"https://github\.com/([\w-]+/[\w-]+)|uses: (dms-lint/[\w-]+)", PAGE.read_text()))
    assert places == {("dms-lint/dms-lint", ""), ("", "dms-lint/dms-lint")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_shown_command_has_its_options(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "account", tmp_path / "export")
    for folder in ("rules", "acme"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    told = commands(page)
    assert len(told) >= 14
    for name, *arguments in told:
        try:
            parsed(name, list(arguments))
        except click.exceptions.Exit:
            assert "-h" in arguments
        except click.ClickException as error:
            pytest.fail(f"{page.name}: dms-lint {name} {' '.join(arguments)}: {error.format_message()}")


def test_every_file_command_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    """In the order of the page, so that what one writes the next one finds."""
    ran("git", "init", "-q", cwd=tmp_path)
    shutil.copytree(ROOT / "examples" / "account", tmp_path / "export")
    (configuration,) = (text for name, text in files_of_the_page() if name == ".dms-lint.yaml" and "waivers" in text)
    codes = []
    for command in commands(PAGE):
        if command[0] in ("collect", "policy") or "--region" in command:
            continue
        if command[0] == "config":
            (tmp_path / ".dms-lint.yaml").write_text(configuration)
        done = run(*command, cwd=tmp_path)
        assert done.returncode in (0, 1), f"{command}: {done.stderr}"
        codes.append((" ".join(command), done.returncode))
    assert codes[:5] == [
        ("baseline export -o dms-lint-baseline.json", 0),
        ("scan export --baseline dms-lint-baseline.json", 0),
        ("scan export --baseline dms-lint-baseline.json --update", 0),
        ("config", 0),
        ("scan export --at 2027-04-01", 1),
    ]
    written = {"gl-code-quality-report.json", "gl-sast-report.json", "dms-lint.xml", "dms-lint.json", "before.json"}
    assert written <= {file.name for file in tmp_path.iterdir()}


def test_every_scan_of_an_export_in_the_readme_judges_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "account", tmp_path / "export")
    told = [command for command in commands(ROOT / "README.md") if command[1:2] == ["export"]]
    assert len(told) >= 10
    for command in sorted(told, key=lambda command: command[0]):  # the baseline before what reads it
        done = run(*command, cwd=tmp_path)
        accepted = command[0] != "scan" or "--baseline" in command
        assert done.returncode == (0 if accepted else 1), f"{command}: {done.stderr}"


@pytest.mark.parametrize("name", main.commands)
def test_every_option_stands_in_an_example(name: str) -> None:
    shown = {word.partition("=")[0] for page in PAGES for told in commands(page) if told[0] == name for word in told}
    options = [one for one in main.commands[name].params if isinstance(one, click.Option)]
    assert not [one.opts[-1] for one in options if shown.isdisjoint((*one.opts, *one.secondary_opts))]


def in_place(folder: Path) -> None:
    """What the examples of the page of commands find in their folder."""
    shutil.copytree(ROOT / "examples" / "account", folder / "export")
    (folder / "team.yaml").write_text("fail-on: medium\n")
    (folder / "waivers.yaml").write_text("waivers: []\n")
    (folder / "acme").mkdir()
    for end in (".yaml", ".cases.yaml"):
        text = (ROOT / "rules" / "tls" / f"TLS001{end}").read_text()
        (folder / "acme" / f"ACME001{end}").write_text(
            text.replace("TLS001", "ACME001").replace("name: connection", "name: acme-connection")
        )


def live(command: list[str]) -> bool:
    """Whether an example reads the live account."""
    return command[0] == "collect" or (command[0] in ("scan", "baseline") and "export" not in command)


def test_every_example_of_files_does_what_it_says(tmp_path: Path) -> None:
    in_place(tmp_path)
    for command in commands(COMMANDS):
        if not live(command):
            done = run(*command, cwd=tmp_path)
            assert done.returncode == (1 if command[0] == "scan" and "--exit-zero" not in command else 0), command


LIVE = [command for command in commands(COMMANDS) if live(command)]


def test_the_page_of_commands_has_examples_of_the_live_account() -> None:
    assert len(LIVE) >= 12


@pytest.mark.parametrize("command", LIVE, ids=" ".join)
def test_every_example_of_the_live_account_reads_it(tmp_path: Path, migration: Aws, command: list[str]) -> None:
    in_place(tmp_path)
    accounts = [{"Id": "111122223333", "Status": "ACTIVE"}, {"Id": "444455556666", "Status": "ACTIVE"}]
    migration.put("111122223333", "us-east-1", "organizations:ListAccounts", {"Accounts": accounts})
    migration.seed("444455556666", "eu-west-1", ROOT / "tests" / "accounts" / "migration")
    environment = migration.env("111122223333", "eu-west-1")
    url = environment["AWS_ENDPOINT_URL"]
    keys = "".join(f"{name.lower()} = {environment[name]}\n" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    (tmp_path / "aws").write_text(f"[profile audit]\nregion = eu-west-1\n{keys}")
    here = [url if word.startswith("https://") else word for word in command]
    if not {"--select", "--control", "--pack", "--no-config"} & set(command):
        here += ["--select", "TLS001"]  # which needs few calls: the options are what is tried here
    environment |= {"AWS_CONFIG_FILE": str(tmp_path / "aws"), "AWS_MAX_ATTEMPTS": "1"}
    done = ran(BIN / "dms-lint", *here, cwd=tmp_path, **environment)
    assert done.returncode in (0, 1, 3), done.stderr
    assert len(migration.requests) > 3


# -- the example of a configuration


EXAMPLE = ROOT / "examples" / "dms-lint.yaml"


def scanned(*arguments: str) -> dict[str, dict[str, Any]]:
    """By rule and resource, the failures of the example account under the example of a configuration."""
    options = ("--config", str(EXAMPLE), "-f", "json", *arguments)
    done = ran(BIN / "dms-lint", "scan", "examples/account", *options, cwd=ROOT)
    assert done.stderr == ""
    found = json.loads(done.stdout)["findings"]
    return {f"{one['rule']} {one['resource']['name']}": one for one in found if one["verdict"] == "fail"}


def test_the_example_of_a_configuration_is_in_force_as_it_says() -> None:
    done = ran(BIN / "dms-lint", "config", "--config", EXAMPLE, "--at", "2027-04-01", "-f", "json", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    values = {one["key"]: one["value"] for one in told["values"] if one["from"] != "default"}
    assert values["fail-on"] == "medium"
    assert values["settings.CRT004.minimum_days"] == 45
    assert values["severity.HA001"] == "low"
    assert [(one["rule"], one["expired"]) for one in told["waivers"]] == [("TLS001", True), ("SEC012", False)]


def test_the_waivers_of_the_example_fit_until_their_last_day() -> None:
    before = scanned("--at", "2027-03-31")
    assert {key for key, one in before.items() if one["waiver"]} == {"TLS001 orders-mysql", "SEC012 crm-postgres"}
    assert before["HA001 orders-dms"]["severity"] == "low"
    assert not any(key.startswith(("TAG003", "KMS005")) for key in before)


def test_the_example_keeps_to_the_schema_it_names() -> None:
    first = EXAMPLE.read_text().splitlines()[0]
    schema = EXAMPLE.parent / first.removeprefix("# yaml-language-server: $schema=")
    assert schema.resolve() == ROOT / "dms_lint" / "schemas" / "config.schema.json"
    done = ran(BIN / "check-jsonschema", "--schemafile", schema, EXAMPLE, cwd=ROOT)
    assert done.returncode == 0, done.stdout
