"""The browser of the tests reaches this machine and no other, and says what a page asked for elsewhere."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.browser

ANSWERS = "address => fetch(address, {mode: 'no-cors'}).then(() => true, () => false)"


class Silent(http.server.BaseHTTPRequestHandler):
    """Answers with nothing and keeps no log."""

    def do_GET(self) -> None:
        self.send_response(204 if self.path != "/" else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_nothing_but_this_machine_s_number_is_found(page: Any, port: int) -> None:
    """By another name or number the very same server is another machine."""
    page.goto(f"http://127.0.0.1:{port}/")
    elsewhere = [f"http://localhost:{port}/a", f"http://127.0.0.2:{port}/b", "https://example.org/c"]
    assert page.evaluate(ANSWERS, f"http://127.0.0.1:{port}/here") is True
    assert [page.evaluate(ANSWERS, address) for address in elsewhere] == [False, False, False]
    assert page.outside == elsewhere
