"""A hub on your own machine, to try a class before there is one: any name and one password.

    .venv/bin/python -m pip install -c constraints.txt -e ".[hub,lab]"
    .venv/bin/jupyterhub -f deploy/jupyterhub/rehearsal.py

Then http://127.0.0.1:8000, as `anna` in one window and as `ben` in a private one; the password is
`rehearsal`. Everybody's work lies in `hub-rehearsal/homes/`. All servers run as you and nothing is kept
apart, so the hub listens to this machine only. Ctrl-C ends it. For a class, see README.md beside this file.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLACE = Path(os.environ.get("NST_REHEARSAL", "hub-rehearsal")).resolve()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub defines it
(PLACE / "homes").mkdir(parents=True, exist_ok=True)

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = free_port()
c.JupyterHub.db_url = f"sqlite:///{PLACE / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(PLACE / "cookie_secret")
proxy = "import sys; from configurable_http_proxy.cli import main; sys.exit(main())"
# Milliseconds that an answer may take; by itself this proxy gives up on a slow start after 20 seconds.
c.ConfigurableHTTPProxy.command = [sys.executable, "-c", proxy, "--proxy-timeout=600000"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.pid_file = str(PLACE / "proxy.pid")

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "rehearsal"
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(PLACE / "homes" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"] if hasattr(os, "getuid") and os.getuid() == 0 else []
c.Spawner.default_url = "/lab"
c.Spawner.environment = {"JUPYTER_CONFIG_PATH": str(HERE)}  # for jupyter_server_config.d/
c.Spawner.http_timeout = c.Spawner.start_timeout = 600  # seconds; a busy laptop takes its time
