"""The double itself: an HTTP server on a port of this machine, and what tests tell it."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from botocore.config import Config
from botocore.session import Session
from moto.backend_index import backend_url_patterns
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from dms_lint.aws.responses import action, shapes_of
from tests.aws.asked import Asked, Call, access_key, identify
from tests.aws.faults import Dropped, Fault, Kind, denied
from tests.aws.paging import lists_of, one_page
from tests.aws.replay import Seeds
from tests.aws.subjects import ABOUT, not_found
from tests.aws.wire import AwsError, Reply, operation_model, write_answer, write_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

SECRET_KEY = "an-example-of-a-secret-access-key-no-one"


class Request(NamedTuple):
    """A request that was made."""

    account: str
    region: str
    operation: str
    """`dms:DescribeEndpoints`."""
    parameters: Mapping[str, Any]
    status: int
    """The HTTP status of the answer; 0 where there was none."""


class Aws:
    """AWS as the tests need it; one per process, shared by its tests, which `reset` it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.errors: list[BaseException] = []
        """What went wrong in the double itself, or in moto: no test may pass with any."""
        self.page_size: int | None = None
        """How many items a page of a seeded listing has; None: as many as are asked for."""
        self._seeds = Seeds()
        # Not `wire.session`: to make a client of S3 takes the bucket out of the paths in its session's model.
        self._session: Any = Session()
        self._clients: dict[tuple[str, str, str, float], Any] = {}
        self._pages: dict[str, Reply] = {}
        self._faults: list[Fault] = []
        self._policies: dict[str, AbstractSet[str]] = {}
        self._moto: Any = DomainDispatcherApplication(create_backend_app)
        self._home = tempfile.mkdtemp(prefix="aws-double-")
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """End the server; whoever waits for an answer gets none."""
        self.reset()
        for client in self._clients.values():
            client.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self._home, ignore_errors=True)

    def reset(self) -> None:
        """Forget seeds, faults, policies and requests; moto keeps what it holds."""
        for fault in self._faults:
            fault.ended.set()
        self._seeds.clear()
        self._pages = {}
        self._faults = []
        self._policies = {}
        self.requests = []
        self.errors = []
        self.page_size = None

    def seed(self, account: str, region: str, path: str | Path) -> None:
        """Answer from AWS CLI answers in a file or folder; a Region of which nothing is seeded is moto's."""
        self._seeds.read(account, region, path)
        self._pages = {}

    def put(self, account: str, region: str, operation: str, body: Mapping[str, Any], subject: str = "") -> None:
        """Answer one operation (about `subject`) with this body, in place of what was seeded for it."""
        self._seeds.put(account, region, operation, body, subject)
        self._pages = {}

    def put_secret_value(self, account: str, region: str, arn: str, value: Mapping[str, Any] | str) -> None:
        """Let a secret hold a value."""
        self._seeds.put_secret_value(account, region, arn, value)
        self._pages = {}

    def allow(self, actions: AbstractSet[str] | None, account: str = "") -> None:
        """Deny every other IAM action, in one account or in all; None lifts that."""
        if actions is None:
            self._policies.pop(account, None)
        else:
            self._policies[account] = actions

    @contextmanager
    def fault(
        self,
        kind: Kind,
        operation: str = "*",
        *,
        account: str | None = None,
        region: str | None = None,
        subject: str | None = None,
        page: int | None = None,
        seconds: float = 30.0,
        says: str = "",
        times: int | None = None,
        after: int = 0,
    ) -> Iterator[Fault]:
        """Let something go wrong with the requests that fit; see Fault."""
        fault = Fault(kind, operation, account, region, subject, page, seconds, says, times, after)
        self._faults.append(fault)
        try:
            yield fault
        finally:
            fault.ended.set()
            with suppress(ValueError):  # `reset` has removed it already
                self._faults.remove(fault)

    def env(self, account: str = "111122223333", region: str = "eu-central-1") -> dict[str, str]:
        """The whole environment of a command that runs with an account's credentials, and nothing of this machine's."""
        nowhere = os.path.join(self._home, "none")  # noqa: PTH118
        return {
            "PATH": os.environ["PATH"],
            "HOME": self._home,
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": access_key(account),
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        }

    def client(
        self, service: str, account: str = "111122223333", region: str = "eu-central-1", *, timeout: float = 30.0
    ) -> Any:
        """A boto3 client with an account's credentials, which asks once and waits `timeout` seconds."""
        wanted = (service, account, region, timeout)
        if wanted not in self._clients:
            self._clients[wanted] = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=access_key(account),
                aws_secret_access_key=SECRET_KEY,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=timeout, proxies={}),
            )
        return self._clients[wanted]

    def answer(self, call: Call) -> Reply:
        """The answer to a call; raises Dropped where there is none."""
        asked = identify(call)
        status = 0
        try:
            reply = self._reply(asked, call)
            status = reply.status
        finally:
            request = Request(asked.account, asked.region, asked.operation, asked.parameters, status)
            self.requests.append(request)
        return reply

    def _reply(self, asked: Asked, call: Call) -> Reply:
        head = call.method == "HEAD"
        if not asked.known:
            return Fault("invalid_token").reply(asked, "", lambda: self._truth(asked, call), head=head)
        for fault in list(self._faults):
            if fault.befalls(asked):
                return fault.reply(asked, _caller(asked), lambda: self._truth(asked, call), head=head)
        policy = self._policies.get(asked.account, self._policies.get(""))
        free = asked.operation == "sts:GetCallerIdentity" or not asked.account
        if policy is not None and not free and action(asked.operation) not in policy:
            return write_error(asked.service, denied(asked, _caller(asked)), head=head)
        return self._truth(asked, call)

    def _truth(self, asked: Asked, call: Call) -> Reply:
        """What AWS answers when nothing goes wrong."""
        pages = self._pages  # whoever seeds takes a new one
        try:
            body = self._seeds.answer(asked) if operation_model(asked.operation) else None
            if body is None:
                try:
                    return self._ask_moto(asked, call)
                except NotImplementedError:
                    body = _nothing(asked)
            # A page is written once: XML takes long.
            part = json.dumps([asked.account, asked.region, asked.operation, asked.parameters, self.page_size])
            if part not in pages:
                page = one_page(asked.operation, body, asked.parameters, self.page_size)
                pages[part] = write_answer(asked.operation, page)
            return pages[part]
        except AwsError as error:
            return write_error(asked.service, error, head=call.method == "HEAD")
        except KeyError:
            if asked.operation not in ABOUT:
                raise
            # What moto does where it knows no such key or secret.
            return write_error(asked.service, not_found(asked), head=call.method == "HEAD")

    def _ask_moto(self, asked: Asked, call: Call) -> Reply:
        if not _is_of_moto(asked):
            raise NotImplementedError(f"moto has no service {asked.service}")
        path, _, query = call.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": call.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": call.path,
            "RAW_URI": call.path,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self._server.server_port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(call.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(call.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in call.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding"):
                wsgi = name.upper().replace("-", "_")
                environ[wsgi if wsgi == "CONTENT_TYPE" else f"HTTP_{wsgi}"] = value
        if asked.account:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = asked.account
        parts, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        return Reply(int(status.split()[0]), dict(headers), b"".join(parts))


def _is_of_moto(asked: Asked) -> bool:
    """Whether moto has the service at all; what is not signed, it answers too."""
    host = f"https://{asked.service}.{asked.region}.amazonaws.com"
    return not asked.service or any(re.match(pattern, host) for _, pattern in backend_url_patterns)


def _nothing(asked: Asked) -> Mapping[str, Any]:
    """The answer of a Region in which there is nothing, to an operation that dms-lint asks and moto does not know."""
    if asked.operation in ABOUT:
        raise not_found(asked)
    if not any(row.shape != "one" for row in shapes_of(asked.operation)):
        raise NotImplementedError(asked.operation)
    return {key: [] for key in lists_of(asked.operation)}


def _caller(asked: Asked) -> str:
    """The ARN of who asks."""
    from moto.sts.models import sts_backends

    for backend in list(sts_backends[asked.account].values()) if asked.account else ():
        role = backend.get_assumed_role_from_access_key(asked.key)
        if role:
            return str(role.arn)
    return f"arn:aws:sts::{asked.account}:assumed-role/Audit/m.palmer"


class _Handler(BaseHTTPRequestHandler):
    """Reads a request whole, so that the next one on the connection begins where it should."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(self.command, self.path, dict(self.headers.items()), body)
        try:
            reply = self.server.aws.answer(call)
        except Dropped:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: reply.sent])
        self.close_connection = self.close_connection or reply.sent is not None

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: `Aws.requests` is the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is told."""
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.aws.errors.append(error)
            super().handle_error(request, client_address)
