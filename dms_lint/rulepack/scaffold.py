"""The two files with which a rule begins: valid, explained in comments, and with one case to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.data.errors import InputError
from dms_lint.data.tables import pack_directory
from dms_lint.rulepack.loader import rule_files
from dms_lint.rulepack.rule_parser import ID

if TYPE_CHECKING:
    from pathlib import Path

_RULE: Final = """\
# A rule. `dms-lint check-pack DIR` says what is still to be done; `dms-lint schema rule` is its form, for editors.
id: {id}                        # as the file is called; never used again for another rule
name: todo-{lower}               # lower-case words joined by '-': what is wrong where it fails
title: TODO what is true when the rule passes
severity: medium                  # critical | high | medium | low | info
basis: practice                   # guide (the DMS User Guide says so) | current (AWS says so today) | practice
applies_to: endpoint              # the kind of resource that is judged, or a list of kinds
why: >
  TODO two or three sentences for somebody who has never seen DMS: what can happen where it fails.

# What a rule reads are facts: `dms-lint inspect PATH ID` shows all that there are about a resource. What a fact must be
# is said in words of JSON Schema: const, enum, minimum, maximum, pattern, minItems, maxItems, contains, items ...
# Where not all of `when` holds, the rule does not apply. Leave it out where it always applies.
# when:
#   endpoint.type: {{const: source}}
expect:                           # all of these hold, or the rule fails
  tls.mode: {{enum: [require, verify-ca, verify-full]}}
evidence: [endpoint.engine]       # further facts that the message or the fix names

# In braces: name, arn, id, kind, account, region, or a fact that the rule reads. A text with braces stands in quotes.
fail: "TODO {{name}} ({{endpoint.engine}}) has the SslMode {{tls.mode}}"
fix:
  text: TODO what to do.
  # cli: aws dms modify-endpoint --endpoint-arn {{arn}} --ssl-mode verify-full
# refs: [https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Security.html]

# A number that `expect` names, and that a team may set otherwise in its .dms-lint.yaml.
# settings:
#   least_modes: {{fact: tls.modes, word: minItems, about: How many modes there are at least.}}
"""

_CASES: Final = """\
# The cases of {id}: answers as AWS gives them, and the verdict that follows. Every verdict that it can reach needs
# one: pass, fail, unknown (the answer lacks what the rule reads, or was refused), and with a `when` not-applicable.
- name: TODO what is true of this endpoint, so that the rule fails
  given:
    dms describe-endpoints:       # the AWS CLI command, and its answer
      Endpoints:
        - EndpointIdentifier: orders
          EndpointArn: arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS
          EndpointType: SOURCE
          EngineName: mysql
          # TODO the member that makes the rule fail
  then: fail
  # says: words of the message
  # denied: [iam:ListRoles]       # calls that AWS refused
  # at: 2026-06-01                # the date as of which it is judged
"""


def new_rule_files(id_: str, directory: Path) -> dict[Path, str]:
    """The texts of a new rule, by file.  Raises InputError for an id that is none, or is taken."""
    if not ID.fullmatch(id_):
        raise InputError(f"'{id_}' is no id: it is a family in capitals and three digits, like ACME001")
    for folder in (directory, pack_directory()):
        for file in rule_files(folder):
            if file.stem == id_:
                raise InputError(f"{id_} is taken, by {file}: choose another id")
    return {
        directory / f"{id_}.yaml": _RULE.format(id=id_, lower=id_.lower()),
        directory / f"{id_}.cases.yaml": _CASES.format(id=id_),
    }
