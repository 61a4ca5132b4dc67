"""What `nst studio` does unless told otherwise, apart from the server so that help loads none of it."""

from __future__ import annotations

HOST = "127.0.0.1"  # this machine only
PORT = 8866
LINGER = 30.0  # seconds a kernel waits for its page to come back
