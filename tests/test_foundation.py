"""foundation.py: wrong names get the right one suggested; files are written whole or not at all."""

import errno
import importlib
import os
import secrets
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nstlib import foundation
from nstlib.foundation import (
    check_distinct,
    check_port,
    check_target,
    is_same_file,
    nearest_name,
    save_somewhere,
    spare_home,
    unknown_name,
    unused_name,
    whole_file,
)

PACKAGE = """
from nstlib.foundation import loaded_on_demand
__getattr__, __dir__, __all__ = loaded_on_demand(__name__, {"slow": ("answer", "Question"), "empty": ("no",)})
"""


def test_a_package_loads_a_name_when_it_is_first_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "laid_back").mkdir()
    for name, text in (
        ("__init__", PACKAGE),
        ("slow", "answer = [42]\nclass Question: pass"),
        ("empty", ""),
    ):
        (tmp_path / "laid_back" / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("laid_back")
    assert dir(package) == package.__all__ == ["Question", "answer", "no"]
    assert "laid_back.slow" not in sys.modules
    assert package.answer == [42] and "laid_back.slow" in sys.modules
    assert vars(package)["answer"] is package.answer, "it is looked up only once"
    for missing in ("nothing", "no"):
        with pytest.raises(AttributeError, match=f"module 'laid_back.*' has no attribute '{missing}'"):
            getattr(package, missing)
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from laid_back import nothing")


LAYERS = ["block1_conv1", "block4_conv2", "block5_conv1"]


@pytest.mark.parametrize(
    "name", ["block4_conv2x", "BLOCK4_CONV2", "block4-conv2", "blok4_conv2", "block4conv2"]
)
def test_a_misspelt_name_gets_the_nearest_one_suggested(name: str) -> None:
    message = str(unknown_name("layer", name, LAYERS))
    assert message.startswith(f"Unknown layer {name!r}: did you mean 'block4_conv2'?")
    assert "block1_conv1, block4_conv2, block5_conv1" in message


def test_a_name_like_no_other_gets_the_list_only() -> None:
    message = str(unknown_name("optimiser", "zzz", iter(["adam", "lbfgs"])))
    assert message == "Unknown optimiser 'zzz': known are adam, lbfgs."
    assert "known are none" in str(unknown_name("style", "waves", []))


@pytest.mark.parametrize("name", [None, 3, ("a",), ""])
def test_a_name_that_is_no_text_is_reported_too(name: object) -> None:
    assert repr(name) in str(unknown_name("layer", name, LAYERS))


def test_a_long_list_is_cut() -> None:
    message = str(unknown_name("layer", "zzz", [f"conv{n}" for n in range(175)]))
    assert message.endswith("conv39 and 135 more.")


def test_every_known_name_is_nearest_to_itself() -> None:
    assert [nearest_name(name, LAYERS) for name in LAYERS] == LAYERS


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a result.tar.gz"
    with whole_file(target) as temporary:
        temporary.write_bytes(b"half")
        assert not target.exists()
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".tar.gz")
    assert target.read_bytes() == b"half"
    assert os.listdir(tmp_path) == [target.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "result.bin"
    target.write_bytes(b"old")
    with pytest.raises(error), whole_file(target) as temporary:
        temporary.write_bytes(b"half of the new")
        raise error
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result.bin"]


def test_an_existing_file_is_kept_unless_overwriting(tmp_path: Path) -> None:
    target = tmp_path / "result.bin"
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="overwrite=True"), whole_file(target, overwrite=False):
        pytest.fail("the body must not run")
    with whole_file(target) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"


def test_a_file_that_appears_during_a_long_run_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "result.bin"
    with pytest.raises(FileExistsError), whole_file(target, overwrite=False) as temporary:
        temporary.write_bytes(b"new")
        target.write_bytes(b"of somebody else")
    assert target.read_bytes() == b"of somebody else"
    assert os.listdir(tmp_path) == ["result.bin"]


def refuse(code: int) -> Any:
    """A function that fails as a system call does."""

    def fail(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.fixture(params=["links", "no links"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """One that has hard links, as most, and one that has none, as FAT and some network drives."""
    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
        if os.name == "nt":
            monkeypatch.setattr(os, "rename", refuse(errno.EPERM))
    return str(request.param)


def test_a_file_of_a_rival_in_the_last_moment_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_system: str
) -> None:
    """Between the last look and the publication nothing but the file system can tell."""
    target, look, looks = tmp_path / "result.bin", foundation._check_place, []

    def look_and_lose(*arguments: Any) -> None:
        look(*arguments)
        looks.append(arguments)
        if len(looks) == 2:
            target.write_bytes(b"of a rival")

    monkeypatch.setattr(foundation, "_check_place", look_and_lose)
    with pytest.raises(FileExistsError) as caught, whole_file(target, overwrite=False) as temporary:
        temporary.write_bytes(b"mine")
    assert str(caught.value) == f"{target} exists already; choose another name or pass overwrite=True."
    assert target.read_bytes() == b"of a rival"
    assert os.listdir(tmp_path) == ["result.bin"]


def test_of_many_threads_exactly_one_writes_a_file(tmp_path: Path, file_system: str) -> None:
    writers, rounds = 8, 20
    for number in range(rounds):
        target, together = tmp_path / f"{number}.bin", threading.Barrier(writers)

        def write(writer: int, target: Path = target, together: threading.Barrier = together) -> str:
            try:
                with whole_file(target, overwrite=False) as temporary:
                    temporary.write_bytes(bytes([writer]) * 10_000)
                    together.wait()
            except FileExistsError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(writers) as pool:
            said = list(pool.map(write, range(writers)))
        assert said.count("") == 1, said
        assert set(said) - {""} == {f"{target} exists already; choose another name or pass overwrite=True."}
        assert target.read_bytes() == bytes([said.index("")]) * 10_000
    assert len(os.listdir(tmp_path)) == rounds


WRITER = """if True:
    import errno, os, sys
    from pathlib import Path
    from nstlib.foundation import whole_file

    def fail(*arguments):
        raise OSError(errno.EPERM, "Operation not permitted")

    folder, name, file_system = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if file_system == "no links":
        os.link = os.rename = fail
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(100):
        try:
            with whole_file(folder / f"{number}.bin", overwrite=False) as temporary:
                temporary.write_text(name)
        except FileExistsError as error:
            assert str(error).endswith("exists already; choose another name or pass overwrite=True."), error
        else:
            print(number)
"""


def test_of_many_processes_exactly_one_writes_a_file(tmp_path: Path, file_system: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(name), file_system],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in range(4)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:  # all of them before the first is waited for
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(int(number) for numbers in won for number in numbers) == list(range(100))
    for name, numbers in enumerate(won):
        assert all((tmp_path / f"{number}.bin").read_text() == str(name) for number in numbers)
    assert len(os.listdir(tmp_path)) == 100


def test_what_fails_after_the_claim_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    monkeypatch.setattr(os, "replace", refuse(errno.EIO))
    target = tmp_path / "result.bin"
    with (
        pytest.raises(OSError, match="nothing was changed") as caught,
        whole_file(target, False) as temporary,
    ):
        temporary.write_bytes(b"new")
    assert caught.value.errno == errno.EIO
    assert os.listdir(tmp_path) == []


def test_a_body_that_writes_nothing_leaves_nothing(tmp_path: Path, file_system: str) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "result.bin", overwrite=False):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions and links")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real = tmp_path / "real" / "result.bin"
    real.parent.mkdir()
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.bin"
    link.symlink_to(real)
    with whole_file(link) as temporary:
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_bad_places_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place, kind, words in [
        (tmp_path / "missing" / "x.bin", FileNotFoundError, "no folder"),
        (tmp_path, IsADirectoryError, "is a folder"),
        (tmp_path / "file" / "x.bin", NotADirectoryError, "not a folder"),
        (os.devnull, OSError, "not an ordinary file"),
    ]:
        with pytest.raises(kind, match=words):
            check_target(place)
        with pytest.raises(kind, match=words), whole_file(place):
            pytest.fail("the body must not run")
    assert os.listdir(tmp_path) == ["file"]


def test_the_check_leaves_no_trace(tmp_path: Path) -> None:
    assert check_target(tmp_path / "x.bin") == tmp_path / "x.bin"
    assert os.listdir(tmp_path) == []


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder this process may not write to; root, who may write anywhere, becomes nobody for the test."""
    if os.name == "nt":
        pytest.skip("needs POSIX permissions")
    folder = Path(tempfile.mkdtemp())  # tmp_path lies below a folder that nobody may not enter
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o755)
    folder.rmdir()


def test_a_folder_without_permission_is_one_sentence(read_only_folder: Path) -> None:
    for attempt in (check_target, lambda path: whole_file(path).__enter__().write_bytes(b"x")):
        with pytest.raises(PermissionError) as caught:
            attempt(read_only_folder / "x.bin")
        assert "x.bin" in str(caught.value)
    with pytest.raises(
        PermissionError, match="Cannot write .*x.bin: Permission denied; nothing was changed."
    ):
        check_target(read_only_folder / "x.bin")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "result.bin"
    target.write_bytes(b"old")
    # The temporary file becomes a link to a device that is always full: a real error of the system.
    monkeypatch.setattr(secrets, "token_hex", lambda size: "full")
    (tmp_path / ".full-result.bin").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught, whole_file(target) as temporary:
        temporary.write_bytes(bytes(100_000))
    assert caught.value.errno == errno.ENOSPC
    assert str(caught.value) == f"Cannot write {target}: No space left on device; nothing was changed."
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result.bin"]


def test_a_name_too_long_for_the_disk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"), whole_file(tmp_path / ("x" * 300 + ".bin")) as temporary:
        temporary.write_bytes(b"x")
    assert os.listdir(tmp_path) == []


# --- two names of one file, and finished work without a place ------------------------------------------


def test_two_outputs_with_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for other in (tmp_path / "a.png", tmp_path / "sub" / ".." / "a.png", tmp_path / "A.PNG"):
        with pytest.raises(
            ValueError, match="OUT and --history are one file, .*: give --history a name of its"
        ):
            check_distinct({"OUT": tmp_path / "a.png", "--history": other}, {})
    check_distinct({"OUT": tmp_path / "a.png", "--history": tmp_path / "sub" / "a.png"}, {})


def test_accents_coded_in_two_ways_are_one_name(tmp_path: Path) -> None:
    assert is_same_file(tmp_path / "caf\u00e9.png", tmp_path / "cafe\u0301.png")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other links")
def test_an_output_that_is_an_input_under_another_name_is_refused(tmp_path: Path) -> None:
    photo, soft, hard, dangling = (tmp_path / name for name in ("a.png", "b.png", "c.png", "d.png"))
    photo.write_bytes(b"photo")
    soft.symlink_to(photo)
    os.link(photo, hard)
    for output in (photo, soft, hard):
        with pytest.raises(ValueError, match="PHOTO and OUT are one file"):
            check_distinct({"OUT": output}, {"PHOTO": photo})
    dangling.symlink_to(tmp_path / "e.png")
    assert is_same_file(dangling, tmp_path / "e.png")
    # One is there and the other is not: this disk tells them apart.
    check_distinct({"OUT": tmp_path / "A.PNG"} if not (tmp_path / "A.PNG").exists() else {}, {"PHOTO": photo})


def test_an_input_that_is_no_file_is_no_output(tmp_path: Path) -> None:
    check_distinct({"OUT": tmp_path / "cat.png"}, {"PHOTO": Path("https://example.org/cat.png")})


def test_work_without_a_place_goes_beside_it_then_home_then_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {name: tmp_path / name for name in ("here", "home", "temporary", "current")}
    for folder in folders.values():
        folder.mkdir()
    monkeypatch.setattr(Path, "home", lambda: folders["home"])
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(folders["temporary"]))
    monkeypatch.chdir(folders["current"])
    target, full = folders["here"] / "out.png", set()

    def write(path: Path) -> None:
        if path == target or path.parent in full:
            raise OSError(errno.ENOSPC, "No space left on device")
        with whole_file(path, overwrite=False) as temporary:
            temporary.write_bytes(b"work")

    for folder in folders.values():
        (folder / "out-2.png").write_bytes(b"older")
        place, error = save_somewhere(target, write)
        assert place.resolve() == folder / "out-3.png" and place.read_bytes() == b"work"
        assert isinstance(error, OSError) and (folder / "out-2.png").read_bytes() == b"older"
        full.add(folder)
    with pytest.raises(OSError, match="No space left"):
        save_somewhere(target, write)


def test_work_that_fits_its_place_stays_there(tmp_path: Path) -> None:
    assert save_somewhere(tmp_path / "a.bin", lambda path: path.write_bytes(b"x")) == (
        tmp_path / "a.bin",
        None,
    )


def test_another_format_is_tried_too(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        if path.suffix != ".png":
            raise ValueError("too large for this format")
        path.write_bytes(b"x")

    place, error = save_somewhere(tmp_path / "a.webp", write, suffixes=[".png"])
    assert place == tmp_path / "a-2.png" and isinstance(error, ValueError)


def test_a_user_without_a_home_has_a_folder_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert spare_home().parent == tmp_path.resolve()
    target = tmp_path / "no such folder" / "a.bin"
    assert save_somewhere(target, lambda path: path.write_bytes(b"x"))[0] == tmp_path / "a-2.bin"


def test_an_unused_name_is_not_that_of_a_link_to_nowhere(tmp_path: Path) -> None:
    assert unused_name(tmp_path / "a.png") == tmp_path / "a-2.png"
    if os.name != "nt":
        (tmp_path / "a-2.png").symlink_to(tmp_path / "gone")
        assert unused_name(tmp_path / "a.png") == tmp_path / "a-3.png"


def test_ports_are_those_of_the_system() -> None:
    assert [check_port(port) for port in (0, 1, 65535)] == [0, 1, 65535]
    for port in (-1, 65536, 80000):
        with pytest.raises(ValueError, match=f"{port} is no port: ports go from 1 to 65535"):
            check_port(port)
