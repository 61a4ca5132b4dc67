"""`nst studio`: Voila over the notebook `app/studio.ipynb`, with six differences.

- Each browser gets an identifier in a cookie that no script can read. The kernel behind a page learns it from
  an environment variable, and opens that visitor's gallery.
- One kernel is started in advance (`spare`), so that a page opens at once.
- A kernel without a connection is ended after `linger` seconds. Voila's pages ask for that when they are
  closed, but a browser that crashed or a network that broke asks for nothing, and a running thread keeps a
  kernel from looking idle.
- A kernel whose page is closed or loaded again has time to put what it painted so far into the gallery; the
  page asks before it goes while a run goes on (`app/template/index.html.j2`).
- Uploads may be larger than the 10 MiB at which a connection is dropped otherwise.
- On loopback only this machine's names for itself are served, which keeps web pages from reaching in
  through a name of their own; elsewhere a token is needed. The page can be opened by a link on any web page,
  but not put into one: each request for it starts a kernel.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import secrets
import socket
import sys
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..foundation import check_port
from . import display, gallery
from .defaults import HOST, LINGER, PORT
from .films import MOST_FILM_BYTES, on_offer
from .pictures import MOST_BYTES

APP = Path(__file__).resolve().parent / "app"
CHECKOUT = APP.parents[2]
COOKIE = "nst-visitor"
HEADER = "X-Nst-Visitor"  # Voila makes of it the variable that `page.VISITOR` names
A_YEAR = 365  # days
OPENING = 60.0  # seconds a page may take to connect for the first time
ENDING = 20.0  # seconds a kernel may take to end; in half of them it may put what it painted into the gallery
LARGEST_MESSAGE = MOST_FILM_BYTES + MOST_BYTES
PING_EVERY = 10_000  # milliseconds; after three without an answer, a connection counts as lost
# What shows widgets; whatever else is installed for JupyterLab stays out of the page.
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def embedded(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that the page is to be a part of another site's page, such as a picture in it.

    Browsers send these headers to loopback addresses and with encryption, programs and old browsers never.
    """
    own = headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    return not own and headers.get("Sec-Fetch-Dest", "document") != "document"


def free_port(host: str) -> int:
    """A port at which nobody listens.

    Raises:
        OSError: nobody can listen at this address.
    """
    try:
        kind, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise OSError(f"Cannot listen at {host}: {error.strerror or error}.") from None


def resources_of_the_page() -> dict[str, Any]:
    """What the template shows before the kernel has said anything."""
    example = display.address((APP.parent / display.EXAMPLE).read_bytes())
    films = on_offer()
    most = {"most_bytes": MOST_BYTES, "most_film_bytes": MOST_FILM_BYTES if films else MOST_BYTES}
    return {**most, "films": films, "letters": display.letters(), "example": example}


class Absences:
    """How long kernels have been without a connection."""

    def __init__(self, linger: float, opening: float = OPENING) -> None:
        self._linger, self._opening = linger, opening
        self._since: dict[str, float] = {}
        self._seen: set[str] = set()

    def overdue(self, connections: dict[str, int], now: float) -> Iterator[str]:
        """The kernels to end, given how many connections each has at the time `now`."""
        self._seen = {kernel for kernel in connections if kernel in self._seen or connections[kernel] > 0}
        self._since = {k: self._since.get(k, now) for k, count in connections.items() if count <= 0}
        for kernel, since in self._since.items():
            if now - since > (self._linger if kernel in self._seen else self._opening):
                yield kernel


def make_server(*, host: str, port: int, browser: bool, linger: float, spare: bool = False) -> Any:
    """The Voila application, ready to start.

    Raises:
        ModuleNotFoundError: Voila is not installed.
    """
    try:
        import voila.app  # type: ignore[import-untyped]
        import voila.configuration  # type: ignore[import-untyped]
    except ImportError:
        raise ModuleNotFoundError(
            "Voila, which serves the Studio, is not installed for this Python: install the extra `lab` "
            "(pip install 'nstlib[lab]'), or call nst.Studio() in a notebook."
        ) from None
    from traitlets.config import Config
    from voila.tornado.handler import TornadoVoilaHandler  # type: ignore[import-untyped]

    from .spare import with_spare

    class Page(TornadoVoilaHandler):
        """The page, for a visitor that is known or becomes so."""

        async def get(self, path: str | None = None) -> None:
            if embedded(self.request.headers):
                self.set_status(403)
                await self.finish("The Studio is not shown inside another page.")
                return
            visitor = self.get_cookie(COOKIE) or ""
            if not gallery.VISITOR.fullmatch(visitor):
                visitor = secrets.token_hex(16)
            self.set_cookie(COOKIE, visitor, expires_days=A_YEAR, httponly=True, samesite="Lax")
            self.request.headers[HEADER] = visitor  # whatever the browser sent under this name
            self.xsrf_token  # noqa: B018 (sets the cookie without which the page's farewell is refused)
            await super().get(path)

    class Server(voila.app.Voila):
        """Voila with our page, our template, and an eye on abandoned kernels."""

        def setup_template_dirs(self) -> None:
            super().setup_template_dirs()
            self.template_paths.insert(0, str(APP / "template"))

        def init_settings(self) -> dict[str, Any]:
            settings = super().init_settings()
            self.kernel_spec_manager.kernel_dirs = []  # this Python, and no other of the same name
            settings["voila_jinja2_env"].globals["letters"] = display.letters()  # for pages of errors
            return settings

        def init_handlers(self) -> list[Any]:
            return [
                tuple(Page if part is TornadoVoilaHandler else part for part in handler)
                for handler in super().init_handlers()
            ]

        def random_ports(self, port: int, n: int) -> Iterator[int]:
            """The ports to try; a number that is none would lead to another one."""
            return (each for each in super().random_ports(port, n) if 0 < each <= 65535)

        def launch_browser(self) -> None:
            """What Voila calls once it listens, before its loop begins."""
            print(f"The Studio is at {self.address}\nCtrl-C ends it.", flush=True)
            if browser:
                webbrowser.open(self.address)
            if spare:
                self.kernel_manager.prepare()
            self.watch = asyncio.get_event_loop().create_task(self.end_abandoned_kernels())

        async def end_abandoned_kernels(self) -> None:
            absences, manager = Absences(linger), self.kernel_manager
            while True:
                await asyncio.sleep(min(5.0, linger / 4))
                with suppress(Exception):  # a kernel may just have ended by itself; the next look will tell
                    models = {model["id"]: model["connections"] for model in manager.list_kernels()}
                    models.pop(manager.spare, None)
                    for kernel in list(absences.overdue(models, time.monotonic())):
                        with suppress(Exception):  # the others have to end all the same
                            await manager.shutdown_kernel(kernel)

        @property
        def address(self) -> str:
            name = socket.gethostname() if self.ip in ("0.0.0.0", "::", "") else self.ip
            name = f"[{name}]" if ":" in name else name
            token = self.identity_provider.token
            return f"http://{name}:{self.port}/" + (f"?token={token}" if token else "")

    local = is_loopback(host)
    config = Config()
    config.Voila.update(
        ip=host, port=port, open_browser=True, notebook_path=str(APP / "studio.ipynb"), log_level="ERROR"
    )
    config.Voila.config_file_paths = []
    config.Voila.auto_token = not local
    config.Voila.tornado_settings = {
        "websocket_max_message_size": LARGEST_MESSAGE,
        "ws_ping_interval": PING_EVERY,
        "allow_remote_access": not local,
    }
    usual = voila.configuration.VoilaConfiguration().multi_kernel_manager_class
    config.VoilaConfiguration.multi_kernel_manager_class = with_spare(usual)
    config.KernelManager.shutdown_wait_time = ENDING
    config.VoilaConfiguration.update(
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[],
        http_header_envs=[HEADER],
        extension_allowlist=EXTENSIONS,
        resources={"studio": resources_of_the_page()},
    )
    return Server(config=config)


def serve(
    *, host: str = HOST, port: int = PORT, browser: bool = True, linger: float = LINGER, spare: bool = True
) -> None:
    """Serve the Studio until Ctrl-C.

    Args:
        host: address to listen at; any but loopback is reachable from elsewhere, and then needs the token
            that is printed.
        port: to listen at; when it is taken, another one near it, and for 0 any that is free.
        browser: open the page in a browser.
        linger: seconds a page's kernel lives on after its connection is lost.
        spare: whether to start a kernel in advance, so that a page opens at once.

    Raises:
        ModuleNotFoundError, OSError, ValueError: in one sentence.
    """
    number = check_port(port) or free_port(host)
    server = make_server(host=host, port=number, browser=browser, linger=linger, spare=spare)
    if not is_loopback(host):
        print(
            f"nst: {host} can be reached from other machines. Whoever has the address with its token can use "
            "this computer to paint; the connection is not encrypted.",
            file=sys.stderr,
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if (CHECKOUT / "pyproject.toml").is_file():  # kernels start in another folder and have to find nstlib
        os.environ["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")])
        )
    # Tornado warns of Jupyter's ping, which is as it should be.
    logging.getLogger("tornado.general").setLevel("ERROR")
    results = gallery.root().resolve()
    os.environ["NSTLIB_STUDIO"] = str(results)  # kernels would take a relative path from their own folder
    print(f"Results are kept in {results}", flush=True)
    server.initialize([])
    try:
        server.start()
    except OSError as error:
        raise OSError(f"Cannot listen at {host}: {error.strerror or error}.") from None
