"""samples.py: names become files; downloads are verified, which a server on the loopback interface tries."""

import hashlib
import importlib.util
import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstlib import samples
from nstlib.images import load_image


def picture_bytes() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


PICTURE = picture_bytes()


class Handler(BaseHTTPRequestHandler):
    """Answers by the folder asked for: whole, half, wrong, silent or text; anything else is missing."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        kind = self.path.split("/")[1]
        body = {"wrong": PICTURE[:-1] + b"x", "text": b"<html>no picture</html>"}.get(kind, PICTURE)
        if kind == "silent":
            self.server.stopping.wait(5)  # type: ignore[attr-defined]
        elif kind in ("whole", "half", "wrong", "text"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if kind == "half" else body)
        else:
            self.send_error(404)

    def log_message(self, *arguments: object) -> None:
        pass


class Server:
    """An HTTP server on a free port of this machine, and what it was asked for."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self._server.asked = self.asked  # type: ignore[attr-defined]
        self._server.stopping = threading.Event()  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.stopping.set()  # type: ignore[attr-defined]
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a painting whose hash belongs to PICTURE."""
    folder = tmp_path / "a cache"
    monkeypatch.setenv("NSTLIB_CACHE", str(folder))
    monkeypatch.delenv("NSTLIB_DOWNLOADS", raising=False)
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    known = samples.Painting("painted.png", sha256, "Somebody, 1900", "public domain")
    monkeypatch.setitem(samples.PAINTINGS, "painted", known)
    return folder


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def files_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.is_dir() else []


# --- Names ----------------------------------------------------------------------------------------


def test_the_photographs_of_packages_work_offline() -> None:
    assert {"astronaut", "cat", "coffee", "grace_hopper", "rocket"} <= set(samples.names("photo"))
    for name in samples.names("photo"):
        image = load_image(name)
        assert min(image.shape[1:3]) >= 300, name


def test_the_styles_are_the_files_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "styles").mkdir()
    for name in ("waves", "circles"):
        (tmp_path / "styles" / f"{name}.jpg").write_bytes(PICTURE)
    monkeypatch.setattr(samples, "data_folder", lambda: tmp_path)
    assert samples.names("style") == ["circles", "waves"]
    assert samples.path("waves") == tmp_path / "styles" / "waves.jpg"
    assert load_image("waves").shape == (1, 40, 60, 3)
    assert "CC BY 4.0" in samples.credits("waves")


def test_the_course_has_a_data_folder() -> None:
    assert (samples.data_folder() / "styles").is_dir()
    for name in samples.names("style"):
        assert max(load_image(name).shape) >= 512


def test_the_kinds_make_up_the_whole_list() -> None:
    parts = [samples.names(kind) for kind in samples.KINDS]
    assert samples.names() == [name for part in parts for name in part]
    assert len(set(samples.names())) == len(samples.names())
    assert all(part == sorted(part) for part in parts[1:])


def brings(package: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a package findable whose pictures are `folder`; importing it would fail."""
    place = folder / package
    pictures = place / samples.PACKAGES[package][1]
    pictures.mkdir(parents=True)
    (place / "__init__.py").write_text("raise RuntimeError('imported')")
    for photo in samples.PHOTOS.values():
        if photo.package == package:
            (pictures / photo.file).write_bytes(PICTURE)
    monkeypatch.syspath_prepend(str(folder))


def test_photographs_with_something_to_see_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("sklearn") is None:
        brings("sklearn", tmp_path, monkeypatch)
    names = samples.names("photo")
    assert names[:5] == ["astronaut", "grace_hopper", "china", "rocket", "cat"]
    assert names[-5:] == ["brick", "grass", "gravel", "retina", "tissue"]
    assert [row["name"] for row in samples.table() if row["kind"] == "photo"] == names


def test_a_photograph_is_found_in_its_package_without_importing_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "PACKAGES", samples.PACKAGES | {"pretended": ("pretended-kit", "pictures")})
    there = samples.Photo("china.jpg", "Somebody", "CC0", "pretended")
    monkeypatch.setitem(samples.PHOTOS, "garden", there)
    assert "garden" not in samples.names()
    with pytest.raises(FileNotFoundError, match="'garden' is part of pretended-kit; install that package"):
        load_image("garden")
    assert samples.credits("garden") == "Somebody (CC0)"
    brings("pretended", tmp_path, monkeypatch)
    assert "garden" in samples.names("photo")
    assert load_image("garden").shape == (1, 40, 60, 3)
    assert "pretended" not in sys.modules
    assert samples.table()[len(samples.names("photo")) - 1]["where"] == "pretended-kit, china.jpg"


def test_every_sample_has_a_full_row_and_credits() -> None:
    rows = samples.table()
    assert [row["name"] for row in rows] == samples.names()
    for row in rows:
        assert list(row) == ["name", "kind", "credits", "licence", "where"]
        assert all(row.values()), row
        assert samples.credits(row["name"]) == f"{row['credits']} ({row['licence']})"


def test_the_hashes_are_sha256() -> None:
    for painting in samples.PAINTINGS.values():
        assert len(bytes.fromhex(painting.sha256)) == 32


@pytest.mark.parametrize("ask", [samples.path, samples.credits])
def test_a_misspelt_sample_gets_the_nearest_one_suggested(ask: object) -> None:
    with pytest.raises(ValueError, match="Unknown sample 'starry-nigth': did you mean 'starry_night'?"):
        ask("starry-nigth")  # type: ignore[operator]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'photo'?"):
        samples.names("photos")


def test_a_missing_photograph_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(samples.PHOTOS, "gone", samples.Photo("gone.png", "Nobody", "CC0"))
    with pytest.raises(
        FileNotFoundError, match="'gone' is missing in this scikit-image: it has no file gone.png"
    ):
        samples.path("gone")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="install that package"):
        samples.path("cat")


def test_importing_is_light() -> None:
    heavy = "pooch requests IPython skimage scipy keras tensorflow matplotlib"
    code = (
        "import sys, importlib.util, pathlib, types\n"
        "package = types.ModuleType('nstlib'); package.__path__ = [sys.argv[1]]\n"
        "sys.modules['nstlib'] = package\n"  # these modules alone, whatever the package itself imports
        "import nstlib.samples, nstlib.images\n"
        "nstlib.samples.names(), nstlib.samples.table()\n"
        "print(*[name for name in sys.argv[2].split() if name in sys.modules])\n"
    )
    package = str(Path(samples.__file__).parent)
    command = [sys.executable, "-c", code, package, heavy]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


# --- Downloads ------------------------------------------------------------------------------------


def test_a_painting_is_downloaded_once(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSTLIB_DOWNLOADS", f"{server.url}/whole/")
    first = samples.path("painted")
    assert first == cache / "painted.png"
    assert first.read_bytes() == PICTURE
    assert samples.path("painted") == first
    assert load_image("painted").shape == (1, 40, 60, 3)
    assert server.asked == ["/whole/painted.png"]
    assert files_in(cache) == ["painted.png"]


def test_a_painting_in_the_cache_needs_no_server(cache: Path) -> None:
    cache.mkdir()
    (cache / "painted.png").write_bytes(PICTURE)  # put there by hand
    assert samples.path("painted", downloads=unused_url()).read_bytes() == PICTURE


def test_a_wrong_hash_keeps_nothing(server: Server, cache: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256 differs") as caught:
        samples.path("painted", downloads=f"{server.url}/wrong")
    assert f"{server.url}/wrong/painted.png" in str(caught.value)
    assert files_in(cache) == []


@pytest.mark.parametrize("address", ["no server", "nonsense", "file:///tmp", "http://"])
def test_no_server_says_where_to_put_the_file(cache: Path, address: str, server: Server) -> None:
    url = unused_url() if address == "no server" else address
    with pytest.raises(ConnectionError) as caught:
        samples.path("painted", downloads=url)
    message = str(caught.value)
    assert f"{url.rstrip('/')}/painted.png" in message
    assert str(cache / "painted.png") in message
    assert "\n" not in message
    assert files_in(cache) == []


def test_an_interrupted_transfer_leaves_nothing(server: Server, cache: Path) -> None:
    with pytest.raises((ConnectionError, ValueError)) as caught:
        samples.path("painted", downloads=f"{server.url}/half")
    assert "broke off" in str(caught.value)
    assert files_in(cache) == []
    assert samples.path("painted", downloads=f"{server.url}/whole").read_bytes() == PICTURE


def test_a_missing_file_on_the_server_is_one_sentence(server: Server, cache: Path) -> None:
    with pytest.raises(ConnectionError, match="answered 404"):
        samples.path("painted", downloads=f"{server.url}/elsewhere")
    assert files_in(cache) == []


def test_a_damaged_file_in_the_cache_is_replaced(server: Server, cache: Path) -> None:
    cache.mkdir()
    (cache / "painted.png").write_bytes(PICTURE[:100])
    with pytest.raises(ConnectionError, match="file in the cache is not the expected one"):
        samples.path("painted", downloads=unused_url())
    assert samples.path("painted", downloads=f"{server.url}/whole").read_bytes() == PICTURE


def test_a_cache_that_cannot_be_made_is_one_sentence(server: Server, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="NSTLIB_CACHE"):
        samples.path("painted", downloads=f"{server.url}/whole")


def test_without_the_variable_the_usual_cache_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NSTLIB_CACHE", raising=False)
    assert "nstlib" in str(samples.cache_folder()).lower()


# --- Web addresses --------------------------------------------------------------------------------


def test_a_web_address_is_loaded(server: Server) -> None:
    image = load_image(f"{server.url}/whole/any.png", size=30)
    assert image.shape == (1, 20, 30, 3)


@pytest.mark.parametrize(
    ("folder", "kind", "words"),
    [
        ("elsewhere", ConnectionError, "answered 404"),
        ("half", ConnectionError, "broke off"),
        ("text", ValueError, "is not a picture"),
    ],
)
def test_a_bad_answer_is_one_sentence(server: Server, folder: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        load_image(f"{server.url}/{folder}/x.png")
    assert f"{server.url}/{folder}/x.png" in str(caught.value)


def test_no_server_and_a_silent_one_are_one_sentence(server: Server) -> None:
    with pytest.raises(ConnectionError, match="no connection"):
        samples.fetch(f"{unused_url()}/x.png")
    with pytest.raises(ConnectionError, match="in time"):
        samples.fetch(f"{server.url}/silent/x.png", timeout=0.2)


def test_too_much_is_refused(server: Server) -> None:
    with pytest.raises(ValueError, match="more than 0.001 MB"):
        samples.fetch(f"{server.url}/whole/x.png", most_bytes=1000)
    assert samples.fetch(f"{server.url}/whole/x.png", most_bytes=len(PICTURE)) == PICTURE


@pytest.mark.parametrize("address", ["ftp://host/x.png", "file:///x.png", "://x"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="only http:// and https://"):
        load_image(address)


def test_the_credits_table_has_a_row_for_every_sample() -> None:
    table = (samples.data_folder() / "README.md").read_text(encoding="utf-8")
    files = {f"`styles/{name}.jpg`" for name in samples.names("style")}
    files |= {f"`films/{name}.mp4`" for name in samples.FILMS}
    files |= {f"`{photo.file}`" for photo in samples.PHOTOS.values()}
    files |= {f"`{painting.file}`" for painting in samples.PAINTINGS.values()}
    rows = {line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `")}
    assert rows == files
    for painting in samples.PAINTINGS.values():
        assert painting.sha256 in table
