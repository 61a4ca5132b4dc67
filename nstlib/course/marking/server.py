"""Serve the marking page to this machine's browser and to nobody else.

It listens on the loopback interface only, every address begins with a secret that is new each time, requests
under another host's name are refused (a page elsewhere could give its own name this machine's address), and
what is served may load nothing from anywhere else.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import math
import secrets
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ... import fonts
from .desk import Changed, Desk

HOST = "127.0.0.1"
MOST_BODY = 200_000  # bytes of a request
MOST_COMMENT = 20_000  # characters
# Formulas are set with styles in their elements; scripts come from here only; pictures are in the answers.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A page for a student is shown, and runs nothing.
SHOWN_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
FILES = {
    "": ("page.html", "text/html"),
    "marking.css": ("marking.css", "text/css"),
    "marking.js": ("marking.js", "text/javascript"),
}


class Marking(ThreadingHTTPServer):
    """The server of one folder of grades.

    Args:
        folder: of grades.
        port: to listen at; 0 takes any that is free.

    Raises:
        FileNotFoundError: there are no grades in the folder.
        OSError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.desk = Desk(folder)
        self.secret = secrets.token_urlsafe(24)
        self.one = threading.Lock()  # SQLite takes one writer; a class has one teacher at a time
        try:
            super().__init__((HOST, port), Handler)
        except OSError as error:
            raise OSError(
                f"Port {port} cannot be had ({error.strerror}); give another with --port."
            ) from None

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://{HOST}:{self.server_port}/{self.secret}/"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Marking
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds for which a connection may be silent

    def do_GET(self) -> None:
        """Files of the page, and what there is to mark."""
        self.respond(self.get)

    def do_POST(self) -> None:
        """A mark."""
        self.respond(self.post)

    def respond(self, make: Any) -> None:
        """Answer a request; what goes wrong is one sentence, which the page shows."""
        try:
            path = self.own_path()
            if path is None:
                self.close_connection = True
                self.send(b"Open the address that `nst mark` printed.", "text/plain", HTTPStatus.NOT_FOUND)
                return
            make(path, {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
        except Changed as error:
            self.send_problem(str(error), HTTPStatus.CONFLICT)
        except KeyError as error:
            self.send_problem(str(error.args[0]), HTTPStatus.NOT_FOUND)
        except ValueError as error:
            self.send_problem(str(error), HTTPStatus.BAD_REQUEST)
        except ConnectionError:  # the browser has gone on
            self.close_connection = True
        except Exception as error:
            said = next(iter(str(error).splitlines()), "")[:200]
            text = f"This failed ({type(error).__name__}: {said}); is `nst grade` at work in this folder?"
            self.send_problem(text, HTTPStatus.INTERNAL_SERVER_ERROR)

    def own_path(self) -> str | None:
        """What is asked for, behind the secret; None for a request that is not from our page."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            return None
        origin = self.headers.get("Origin")
        if origin and origin not in (f"http://{HOST}:{port}", f"http://localhost:{port}"):
            return None
        secret, slash, path = urlsplit(self.path).path.removeprefix("/").partition("/")
        known = hmac.compare_digest(secret.encode(), self.server.secret.encode())
        return path if known and slash else None

    # --- what is asked for

    def get(self, path: str, asked: dict[str, str]) -> None:
        """Answer a GET."""
        desk, one = self.server.desk, self.server.one
        if path in FILES:
            name, kind = FILES[path]
            self.send(resources.files(__package__).joinpath(name).read_bytes(), kind)
        elif path == "formulas.js":
            self.send(
                resources.files("nstlib.course.deck").joinpath("tex-svg.js").read_bytes(), "text/javascript"
            )
        elif path == "fonts.css":
            self.send(fonts.style_rules().encode(), "text/css")
        elif path == "exercises":
            with one:
                self.send_json(desk.exercises())
        elif path == "questions":
            with one:
                self.send_json(desk.questions(wanted(asked, "exercise")))
        elif path == "answer":
            with one:
                self.send_json(
                    desk.answer(*(wanted(asked, name) for name in ("exercise", "student", "cell")))
                )
        elif path == "notebook":
            with one:
                shown = desk.page(wanted(asked, "exercise"), wanted(asked, "student")).read_bytes()
            self.send(shown, "text/html", policy=SHOWN_POLICY)
        else:
            raise KeyError("There is no such page.")

    def post(self, path: str, asked: dict[str, str]) -> None:
        """Answer a POST, whose body is JSON."""
        body = self.body()
        if path != "mark":
            raise KeyError("There is no such page.")
        names = ("exercise", "student", "cell", "seen", "comment")
        exercise, student, cell, seen, comment = (wanted(body, name) for name in names)
        if len(comment) > MOST_COMMENT:
            raise ValueError(f"The comment is longer than {MOST_COMMENT} characters.")
        with self.server.one:
            self.send_json(
                self.server.desk.mark(exercise, student, cell, seen, points(body.get("score")), comment)
            )

    def body(self) -> dict[str, Any]:
        """What was sent, as JSON; a form of another page cannot send that.

        Raises:
            ValueError: it is something else, or too long.
        """
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal() or int(size) > MOST_BODY:
            self.close_connection = True
            raise ValueError("This is too long to be saved.")
        content = self.rfile.read(int(size))
        if self.headers.get_content_type() != "application/json":
            raise ValueError("This is no JSON.")
        found = json.loads(content)
        if not isinstance(found, dict):
            raise ValueError("This is no object.")
        return found

    # --- answers

    def send_json(self, content: Any) -> None:
        """Answer with JSON."""
        self.send(json.dumps(content).encode(), "application/json")

    def send_problem(self, text: str, status: HTTPStatus) -> None:
        """Answer with a sentence."""
        self.send(json.dumps({"problem": text}).encode(), "application/json", status)

    def send(
        self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, policy: str = PAGE_POLICY
    ) -> None:
        """Answer with bytes."""
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the addresses hold the secret."""


@contextlib.contextmanager
def opened_in_browser(address: str) -> Iterator[None]:
    """Open an address in a browser by way of a file that only this user can read.

    A program's arguments can be read by everybody on a machine, and the address holds the secret.
    """
    with tempfile.TemporaryDirectory(prefix="nst-mark-") as folder:  # readable for its owner alone
        page = Path(folder, "mark.html")
        page.write_text(
            f'<meta charset="utf-8"><meta http-equiv="refresh" content="0; url={escape(address)}">'
        )
        webbrowser.open(page.as_uri())
        yield


def wanted(given: dict[str, Any], name: str) -> str:
    """A text that a request must hold.

    Raises:
        ValueError: it does not.
    """
    found = given.get(name)
    if not isinstance(found, str):
        raise ValueError(f"{name} is missing.")
    return found


def points(value: Any) -> float | None:
    """Points as they were sent; None takes a mark back.

    Raises:
        ValueError: it is no number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("Points are a number.")
    return float(value)
