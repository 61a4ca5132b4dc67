"""The sandbox against code that means harm: every attack is run for real, and every limit is reached."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lacking import LACKING

from nstlib.answers import AnswerFailed
from nstlib.checks.framework import LONGEST_MESSAGE, Check, Mistake, call, own
from nstlib.course import sandbox, watchdog, wire
from nstlib.course.headers import picture_size
from nstlib.course.sandbox import Limits, Remote, Sandbox, SandboxEnded, process
from nstlib.course.sandbox.cores import TAKEN
from nstlib.course.sandbox.host import ADVICE
from nstlib.course.sandbox.outputs import Room, clean_outputs
from nstlib.course.sandbox.process import WATCHDOG
from nstlib.course.sandbox.users import USERS_TAKEN

ROOT = Path(__file__).resolve().parent.parent
# Times so long that a busy machine cannot reach them; where a test is about time, it says so itself.
SMALL = Limits(
    seconds=300, cell_seconds=100, call_seconds=100, memory=1 << 30, processes=64, output_bytes=8 << 20
)
QUICK = dataclasses.replace(SMALL, cell_seconds=3, call_seconds=3)
NEEDED = pytest.mark.sandbox


def say(box: Sandbox, *cells: str) -> str:
    """Run cells and return all that they printed and all errors."""
    outputs = [output for cell in box.run(cells) for output in cell]
    return "".join(o["text"] if o["output_type"] == "stream" else o.get("evalue", "") for o in outputs)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(SMALL) as running:
        running.start()
        yield running


@pytest.fixture
def quick_box() -> Iterator[Sandbox]:
    with Sandbox(QUICK) as running:
        running.start()
        yield running


def all_gone(processes: list[int]) -> bool:
    """Whether every process has ended, soon: the kernel may have much memory to take back."""
    for _ in range(300):
        if not any(Path("/proc", str(pid)).exists() for pid in processes):
            return True
        time.sleep(0.1)
    return False


# --- it works ---------------------------------------------------------------------------------------


@NEEDED
def test_it_runs_cells_and_calls_functions_with_arrays_and_callbacks(box: Sandbox) -> None:
    code = """
import numpy as np
def answer(f, x, settings):
    return {"value": f(x) + settings["shift"], "rows": [x.sum(), "text", None, (True, 2)]}
"""
    assert say(box, code, "print(6 * 7)") == "42\n"
    x = np.arange(6, dtype="float32").reshape(2, 3)
    found = box.call("answer", [lambda x: 2 * x, x, {"shift": 1.5}])
    np.testing.assert_array_equal(found["value"], 2 * x + 1.5)
    assert found["rows"][0] == 15.0 and found["rows"][1:] == ["text", None, (True, 2)]


@NEEDED
def test_values_are_fetched_and_what_is_none_is_refused_in_words(box: Sandbox) -> None:
    list(box.run(["count = 143_667_240\nname = 'block4_conv2'\nimport os\nthing = os"]))
    assert [box.kind(name) for name in ("count", "name", "thing", "missing")] == ["value"] * 3 + ["missing"]
    assert box.value("count") == 143_667_240 and box.value("name") == "block4_conv2"
    with pytest.raises(Mistake, match="cannot be read"):
        box.value("thing")


@NEEDED
def test_pictures_come_back_and_html_does_not(box: Sandbox) -> None:
    code = """
import nstlib as nst, numpy as np
from IPython.display import HTML, display
nst.show(np.zeros((1, 8, 8, 3), "float32"), alt="a black square")
display(HTML("<script>alert(1)</script>"))
"""
    (outputs,) = box.run([code])
    kinds = [set(output["data"]) for output in outputs]
    assert any("image/png" in kind or "image/jpeg" in kind for kind in kinds)
    assert not any("text/html" in kind for kind in kinds)


@NEEDED
def test_an_error_ends_its_cell_only(box: Sandbox) -> None:
    assert say(box, "1 / 0", "def broken(:", "print('still here')").endswith("still here\n")


# --- it hides ---------------------------------------------------------------------------------------


@NEEDED
def test_there_is_no_network(box: Sandbox) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    code = f"""
import socket
for address in (("127.0.0.1", {port}), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, timeout=1)
        print("connected")
    except OSError as error:
        print("refused")
"""
    assert say(box, code) == "refused\nrefused\n"
    server.close()


@NEEDED
def test_nothing_of_the_teacher_can_be_seen(box: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("grades")
    code = f"""
import os, sys
here = {str(ROOT)!r}
print([p for p in (here + "/solutions", here + "/tests", {str(secret)!r}) if os.path.exists(p)])
print(sorted(os.listdir(here)) if os.path.isdir(here) else [])
secret = ("hidden.py", "wrong.py", "gradebook.db", "shadow", "passwd")
tops = ("/home", "/tmp", "/etc", "/var", "/srv", "/mnt", here)
found = []
for top in tops:
    for at, folders, files in os.walk(top):
        folders[:] = [f for f in folders if os.path.join(at, f) != sys.prefix]  # packages ship such names
        found += [os.path.join(at, f) for f in files if f in secret]
print(found)
print(len([p for p in os.listdir("/proc") if p.isdigit()]) < 6, "HOME" in os.environ, "SECRET" in os.environ)
"""
    os.environ["SECRET"] = "1"
    try:
        lines = say(box, code).splitlines()
    finally:
        del os.environ["SECRET"]
    assert lines[0] == "[]"
    assert set(eval(lines[1])) <= {"nstlib", "data", ".venv"}
    assert lines[2:] == ["[]", "True True False"]


@NEEDED
def test_nothing_can_be_written_but_the_folder_in_memory(box: Sandbox) -> None:
    code = f"""
import os, sys
for folder in ("/", "/usr", "/dev", "/etc", {str(ROOT / "nstlib")!r}, sys.prefix, "/tmp"):
    path = os.path.join(folder, "x")
    try:
        open(path, "w").write("x")
        print(path)
    except OSError:
        pass
"""
    assert say(box, code) == "/tmp/x\n"


@NEEDED
def test_it_has_no_privileges_and_cannot_get_any(box: Sandbox) -> None:
    code = """
import ctypes, os
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines())
print(os.getuid() != 0, status["CapEff"], status["NoNewPrivs"], status["Seccomp"])
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x20000000, 0x40000000):
    print(libc.unshare(flags), end=" ")
memory = libc.memfd_create(b"x", 0), libc.shmget(0, 1 << 20, 0o1600)
print(libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0), *memory)
try:
    os.setuid(0)
except OSError:
    print("no")
"""
    lines = say(box, code).splitlines()
    assert lines[0] == "True 0000000000000000 1 2"
    assert lines[1] == "-1 -1 -1 -1 -1 -1" and lines[2] == "no"


# --- its limits hold --------------------------------------------------------------------------------


@NEEDED
def test_processes_and_threads_are_bounded_by_the_kernel_for_root_too(box: Sandbox) -> None:
    """However late the watchdog is: threads it does not even count."""
    code = """
import threading, time
count = 0
try:
    while count < 5000:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        count += 1
except RuntimeError:
    print(count)
"""
    assert 10 < int(say(box, code)) < SMALL.processes


FORKS = """
import os, time
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
except OSError:
    time.sleep(1000)
"""
FORKS_BUSILY = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_the_teachers_guide_names_the_limits() -> None:
    guide = (ROOT / "exercises" / "TEACHERS.md").read_text(encoding="utf-8")
    limits = Limits()
    assert f"it may have {limits.children} ({limits.processes} with threads)" in guide
    assert f"{limits.memory / 2**30:g} GB and {limits.folder_bytes / 2**20:g} MB" in guide
    assert f"{limits.seconds / 60:g} minutes of processor time" in guide


@NEEDED
@pytest.mark.parametrize("code", [FORKS, FORKS_BUSILY], ids=["sleeping", "busy"])
def test_a_fork_bomb_is_told_from_threads_and_ended(code: str) -> None:
    """Its memory is mostly shared and would be counted many times: the number of processes tells it."""
    with Sandbox(SMALL) as box:
        box.start()
        with pytest.raises(SandboxEnded, match="more than 16 processes"):
            say(box, code)
        processes = watchdog.family(box.process.pid)
        assert box.peak < SMALL.memory
    assert all_gone(processes)


SHARED = """
import mmap
kept = []
for _ in range(40):
    m = mmap.mmap(-1, 50 << 20)
    m.write(bytes(50 << 20))
    m.madvise(mmap.MADV_DONTNEED)
    kept.append(m)
"""
WITHOUT_LEADER = """
import ctypes, threading, time
def hog():
    time.sleep(1)
    x = [b"x" * (100 << 20) for _ in range(50)]
    time.sleep(1000)
threading.Thread(target=hog).start()
ctypes.CDLL(None).syscall(60, 0)
"""
EMPTY_FILES = """
for k in range(2_000_000):
    open(f"/tmp/{k}", "w").close()
"""
DEV_ZERO = """
import mmap
with open("/dev/zero", "r+b") as file:
    m = mmap.mmap(file.fileno(), 1 << 20)
"""
IN_ONE = "x = [b'x' * (200 << 20) for _ in range(50)]"
IN_MANY = """
import os, time
for _ in range(10):
    if os.fork() == 0:
        x = b"x" * (200 << 20)
        time.sleep(1000)
time.sleep(1000)
"""


@NEEDED
def test_the_kernel_bounds_the_memory_of_a_process_should_nobody_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sandbox, "inspect", lambda *_: None)
    code = """
import numpy as np
kept = []
try:
    while len(kept) < 100:
        kept.append(np.ones(100 << 17))
except MemoryError:
    print(len(kept) * 100)
"""
    limits = dataclasses.replace(SMALL, memory=1 << 29)
    assert limits.data == 1 << 30
    with Sandbox(limits) as box:
        box.start()
        assert 500 <= int(say(box, code)) < 1024  # megabytes


@NEEDED
@pytest.mark.parametrize("code", [IN_ONE, IN_MANY], ids=["one process", "many processes"])
def test_memory_is_bounded(code: str) -> None:
    with Sandbox(dataclasses.replace(SMALL, memory=1 << 29)) as box:
        box.start()
        processes = watchdog.family(box.process.pid)
        with pytest.raises(SandboxEnded, match="more than 0.5 GB of memory"):
            say(box, code)
        assert box.peak < 2 << 30
    assert all_gone(processes)


@NEEDED
@pytest.mark.parametrize("code", [WITHOUT_LEADER, EMPTY_FILES], ids=["a dead first thread", "empty files"])
def test_memory_that_is_hard_to_see_is_bounded(code: str) -> None:
    with Sandbox(dataclasses.replace(SMALL, memory=1 << 28)) as box:
        box.start()
        processes = watchdog.family(box.process.pid)
        with pytest.raises(SandboxEnded, match="of memory"):
            say(box, code)
    assert all_gone(processes)


@NEEDED
@pytest.mark.parametrize("code", [SHARED, DEV_ZERO], ids=["anonymous", "/dev/zero"])
def test_shared_memory_that_outlives_its_mapping_is_refused(box: Sandbox, code: str) -> None:
    said = say(box, code)
    assert "not permitted" in said or "No such device" in said
    assert box.peak < 200 << 20


@NEEDED
def test_the_system_calls_of_shared_memory_and_sockets_are_refused(box: Sandbox) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None)
print(libc.semget(0, 10, 0o1600), libc.msgget(0, 0o1600), libc.socket(1, 1, 0), libc.socketpair(1, 1, 0, 0))
"""
    assert say(box, code) == "-1 -1 -1 -1\n"


@NEEDED
def test_a_flood_on_stderr_is_stopped() -> None:
    with Sandbox(QUICK) as box:
        box.start()
        with pytest.raises(SandboxEnded):
            for _ in range(10):
                say(box, "import os\nwhile True: os.write(2, b'x' * 65536)")
                say(box, "1")


@NEEDED
def test_a_process_with_a_strange_name_is_watched_all_the_same() -> None:
    code = """
import ctypes
ctypes.CDLL(None).prctl(15, b"\\xff) \\n\\xfe (", 0, 0, 0)
x = [b"x" * (100 << 20) for _ in range(50)]
"""
    with Sandbox(dataclasses.replace(SMALL, memory=1 << 29)) as box:
        box.start()
        with pytest.raises(SandboxEnded, match="of memory"):
            say(box, code)


@NEEDED
def test_files_are_bounded(box: Sandbox) -> None:
    code = """
written = 0
try:
    for k in range(1000):
        with open(f"/tmp/{k}", "wb") as file:
            file.write(bytes(10 << 20))
        written += 10
except OSError:
    print(written)
try:
    open("/dev/shm/x", "wb").write(bytes(10 << 20))
except OSError:
    print("shm full")
"""
    said = say(box, code).split("\n")
    assert 100 <= int(said[0]) <= 256 and said[1] == "shm full"


@NEEDED
def test_an_endless_cell_is_interrupted_and_the_next_one_runs(quick_box: Sandbox) -> None:
    assert say(quick_box, "print('first')") == "first\n" and not quick_box.late
    endless = "while True:\n    try:\n        pass\n    except Exception:\n        pass"
    assert say(quick_box, endless, "print('next')") == "stopped after 3 secondsnext\n"
    assert quick_box.late


@NEEDED
def test_an_endless_function_is_interrupted(quick_box: Sandbox) -> None:
    list(quick_box.run(["def f(x):\n    while True: pass\ndef g(x):\n    return 2 * x"]))
    assert quick_box.call("g", [4]) == 8 and not quick_box.late
    with pytest.raises(Mistake, match="stopped after 3 seconds"):
        quick_box.call("f", [1])
    assert quick_box.call("g", [4]) == 8 and quick_box.late


@NEEDED
def test_an_endless_value_is_interrupted(quick_box: Sandbox) -> None:
    code = "class Endless(dict):\n    def items(self):\n        while True: pass\nvalue = Endless()"
    list(quick_box.run([code]))
    with pytest.raises(Mistake, match="stopped after 3 seconds"):
        quick_box.value("value")
    assert quick_box.late


@NEEDED
def test_what_cannot_be_interrupted_is_killed() -> None:
    code = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
while True:
    pass
"""
    with Sandbox(dataclasses.replace(SMALL, cell_seconds=1)) as box:
        box.start()
        processes = watchdog.family(box.process.pid)
        with pytest.raises(
            SandboxEnded, match="not end within 1 seconds and could not be interrupted"
        ) as end:
            say(box, code)
        assert end.value.cause == sandbox.Cause.STEP
    assert all_gone(processes)


@NEEDED
@pytest.mark.parametrize("code", ["import os\nos._exit(0)", "import os, signal\nos.kill(os.getpid(), 9)"])
def test_ending_the_process_is_noticed_before_the_time_is_up(code: str) -> None:
    with Sandbox(SMALL) as box:
        box.start()
        with pytest.raises(SandboxEnded, match="ended the process"):
            say(box, code)


@NEEDED
def test_a_child_that_outlives_its_process_holds_nobody_up() -> None:
    code = "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\nelse:\n    os._exit(0)"
    with Sandbox(SMALL) as box:
        box.start()
        processes = watchdog.family(box.process.pid)
        with pytest.raises(SandboxEnded, match="ended the process"):  # and not that the time was up
            say(box, code)
    assert all_gone(processes)


@NEEDED
def test_sys_exit_ends_its_cell_only(box: Sandbox) -> None:
    assert say(box, "import sys\nsys.exit()", "print('on')").endswith("on\n")


@NEEDED
def test_output_is_cut(box: Sandbox) -> None:
    assert len(say(box, "print('x' * (100 << 20))", "import os\nos.write(1, b'x' * (50 << 20))")) < 30_000


@NEEDED
def test_many_large_pictures_are_cut_and_end_nothing() -> None:
    code = """
import struct
from IPython.display import Image, display
header = bytes([137]) + b"PNG" + bytes([13, 10, 26, 10]) + struct.pack(">I4sII", 13, b"IHDR", 9, 9)
for _ in range(40):
    display(Image(header + bytes(5 * 10**5), format="png"))
"""
    with Sandbox() as box:
        box.start()
        (outputs,) = box.run([code])
        assert 3 <= len(outputs) < 8
        assert sum(len(str(output["data"])) for output in outputs) < 3_100_000
        assert say(box, "print('on')") == "on\n"


@NEEDED
def test_a_flood_of_output_on_the_wire_is_stopped() -> None:
    code = """
import os
for fd in range(3, 40):
    try:
        os.write(fd, bytes(100))
    except OSError:
        pass
while True:
    os.write(4, b"x" * 65536)
"""
    with Sandbox(QUICK) as box:
        box.start()
        with pytest.raises(SandboxEnded):
            for _ in range(100):
                say(box, code)
        assert box.heard < 200 << 20


@NEEDED
def test_the_checks_inside_run_and_know_nothing(box: Sandbox) -> None:
    code = """
from nstlib.checks import ex04 as check
import nstlib, os
print(check.gram_matrix(len), check.gram)
print(os.listdir(os.path.join(os.path.dirname(nstlib.__file__), "checks")))
"""
    assert say(box, code) == "Checked by the grader. Checked by the grader.\n['__init__.py']\n"


@NEEDED
def test_a_call_of_what_exists_is_seen_inside_under_any_name(box: Sandbox) -> None:
    cells = [
        "import nstlib as nst, numpy as np\nhelper = nst.gram_matrix",
        "def lazy(x):\n    return np.asarray(helper(x))",
        "def gram_matrix(x):\n    return x.sum()\ndef honest(x):\n    return gram_matrix(x)",
    ]
    list(box.run(cells))
    features = np.ones((1, 2, 3, 2), "float32")
    assert Remote(box, "lazy", "")(features).shape == (2, 2)
    with pytest.raises(Mistake, match="calls one that exists"):
        own(Remote(box, "lazy", ""), "gram_matrix")(features)
    assert own(Remote(box, "honest", ""), "gram_matrix")(features) == 12


@NEEDED
@pytest.mark.parametrize(
    "body",
    [
        "with ThreadPoolExecutor(1) as pool:\n        return pool.submit(nst.gram_matrix, x).result()",
        "sys.setprofile(None)\n    return nst.gram_matrix(x)",
    ],
    ids=["in a thread", "unwatched"],
)
def test_a_call_of_what_exists_is_seen_where_it_hides(box: Sandbox, body: str) -> None:
    start = "import sys, nstlib as nst, numpy as np\nfrom concurrent.futures import ThreadPoolExecutor"
    list(box.run([start, f"def hiding(x):\n    {body}", "def honest(x):\n    return x.sum()"]))
    features = np.ones((1, 2, 2, 3), "float32")
    with pytest.raises(Mistake, match="Write it yourself"):
        own(Remote(box, "hiding", ""), "gram_matrix")(features)
    assert own(Remote(box, "honest", ""), "gram_matrix")(features) == 12


@NEEDED
@pytest.mark.parametrize("words", ['""', '" "', "None", "'a' * 10_000_000"])
def test_an_answer_that_objects_without_words_has_failed(box: Sandbox, words: str) -> None:
    """`Mistake` can be imported and raised by a learner's function, too."""
    list(box.run([f"from nstlib.answers import Mistake\ndef answer(x):\n    raise Mistake({words})"]))

    def steps(rng: np.random.Generator, right: Any, given: Any) -> Iterator[float]:
        call(given, 1)
        yield 3

    outcome = Check(steps, 3).run(np.random.default_rng(1), None, Remote(box, "answer", ""))
    assert (outcome.score, outcome.passed) == (0, False) and 0 < len(outcome.message) <= LONGEST_MESSAGE


@NEEDED
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import sys; sys.exit('over')", "stops with SystemExit"),
        ("raise KeyboardInterrupt", "stops with KeyboardInterrupt"),
        ("raise Silent", "stops with Exception"),
        ("return 10 ** 5000", "too large"),
    ],
)
def test_an_answer_that_goes_wrong_oddly_leaves_the_process_to_the_others(
    box: Sandbox, body: str, message: str
) -> None:
    """An error that no `except Exception` catches, one whose text is an error, a number that JSON refuses."""
    silent = "class Silent(Exception):\n    def __str__(self):\n        raise ValueError"
    list(box.run([silent, f"def answer(x):\n    {body}", "def other(x):\n    return x"]))
    with pytest.raises(Mistake, match=message):
        call(Remote(box, "answer", ""), 1)
    assert box.call("other", [2]) == 2


@NEEDED
def test_a_cell_whose_error_cannot_be_read_ends_alone(box: Sandbox) -> None:
    cell = "class Silent(Exception):\n    def __str__(self):\n        raise ValueError\nraise Silent"
    assert say(box, cell, "print('on')") == "on\n"


# --- what comes out is only bytes -------------------------------------------------------------------


@NEEDED
def test_arrays_that_lie_and_patched_libraries_change_nothing(box: Sandbox) -> None:
    code = """
import numpy as np
class Liar(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __array_function__(self, *a, **k): return True
    def __sub__(self, other): return np.zeros(3)
def lie(x):
    return np.zeros(3).view(Liar)
np.allclose = np.array_equal = lambda *a, **k: True
from nstlib.checks import framework as f
f.same = f.require = lambda *a, **k: True
"""
    list(box.run([code]))
    found = box.call("lie", [np.ones(3)])
    assert type(found) is np.ndarray and not np.array_equal(found, np.ones(3))


@NEEDED
def test_what_is_neither_number_nor_array_is_refused_in_words(box: Sandbox) -> None:
    cells = [
        "def module(x):\n    import os\n    return os",
        "def deep(x):\n    y = []\n    for _ in range(100): y = [y]\n    return y",
        "import numpy as np\ndef objects(x):\n    return np.array([object()])",
        "import numpy as np\ndef huge(x):\n    return np.zeros(20_000_000)",
    ]
    list(box.run(cells))
    for name in ("module", "deep", "objects", "huge"):
        with pytest.raises(Mistake):
            box.call(name, [1])
    assert box.kind("module") == "function" and box.kind("nothing") == "missing"


@NEEDED
def test_values_that_lie_or_never_end_are_refused_or_become_what_they_are(box: Sandbox) -> None:
    odd = """
import collections, numpy as np
class Whole(int):
    def __int__(self): return 7
    def __eq__(self, other): return True
class Real(float):
    def __float__(self): return float("nan")
class Text(str):
    def __str__(self): return Text("x" * 100)
class Like:
    def __array__(self, *a, **k): return np.ones(3)
    def __eq__(self, other): return True
    __hash__ = None
class Self(dict):
    def items(self): return [("a", self)]
round_ = []
round_.append(round_)
async def later(): return 1
made = {
    "generator": lambda: (k for k in range(3)), "coroutine": later, "like": Like, "itself": lambda: round_,
    "mapping": Self, "bytes": lambda: b"1", "set": lambda: {1}, "complex": lambda: np.array([1j]),
    "time": lambda: np.array(["2026"], "datetime64[Y]"), "type": lambda: int,
    "records": lambda: np.zeros(2, "i4,i4"), "text": lambda: Text("y"),
    "whole": lambda: Whole(3), "real": lambda: Real(1),
    "masked": lambda: np.ma.masked_array([1.0, 2.0], [True, False]),
}
def answer(which):
    return list(made) if which == "names" else made[which]()
"""
    list(box.run([odd]))
    for which in set(box.call("answer", ["names"])) - {"whole", "real", "masked"}:
        with pytest.raises(Mistake, match="cannot be read"):
            call(Remote(box, "answer", ""), which)
    assert box.call("answer", ["whole"]) == 7 and type(box.call("answer", ["whole"])) is int
    assert np.isnan(box.call("answer", ["real"]))
    assert type(box.call("answer", ["masked"])) is np.ndarray


@NEEDED
def test_what_a_thread_and_a_destructor_leave_on_the_wire_earns_nothing_and_stops_nobody(
    box: Sandbox,
) -> None:
    """Frames of every kind, before and between those that were asked for: whatever is read is a value."""
    forges = """
import os, threading
from nstlib.course import wire
frames = [
    {"value": 16.0}, {"callback": -1, "arguments": []}, {"callback": "x"}, {"outputs": 7, "late": 1},
    {"problem": "raised", "kind": [], "text": {}}, {"problem": {}}, {"kind": "function"}, {},
]
data = b"".join(wire.pack(each, []) for each in frames)
def forge():
    for descriptor in range(3, 40):
        try:
            os.write(descriptor, data)
        except OSError:
            pass
class Left:
    def __del__(self):
        forge()
def answer(x):
    Left()
    return x
threading.Thread(target=forge).start()
"""
    list(box.run([forges]))
    for _ in range(30):
        with contextlib.suppress(Mistake, AnswerFailed):
            assert box.call("answer", [1.0]) in (1.0, 16.0, None)
            box.kind("answer")
    assert not box.ended or box.cause == sandbox.Cause.EXIT  # over replies to its forgeries


@NEEDED
@pytest.mark.parametrize(
    "code",
    [
        "json.dumps = lambda *a, **k: '[' * 10**6",
        "wire.pack = lambda *a: wire.LENGTHS.pack(2**32 - 1, 2**32 - 1)",
        "wire.pack = lambda *a: wire.LENGTHS.pack(30, 0) + b'[' * 30",
    ],
    ids=["structure", "lengths", "a list"],
)
def test_a_runner_whose_libraries_are_patched_is_ended_in_a_sentence(box: Sandbox, code: str) -> None:
    with pytest.raises(SandboxEnded, match="Your process was stopped: a message|Your code ended the"):
        list(box.run([f"import json\nfrom nstlib.course import wire\n{code}"]))


@NEEDED
def test_a_checks_function_is_not_called_with_more_than_an_answer_may_hold(box: Sandbox) -> None:
    """Of an array that fits the wire, broadcasting would make gigabytes in the grader."""
    asked: list[Any] = []
    code = "import numpy as np\ndef explore(f, n):\n    return f(np.zeros((n, 1, 1, 1), 'uint8'))"
    list(box.run([code]))
    few, many = wire.MOST_ANSWERED, wire.MOST_ANSWERED + 1
    assert call(Remote(box, "explore", ""), lambda x: asked.append(1) or x.size, few) == few
    with pytest.raises(Mistake, match="stops with ValueError"):
        call(Remote(box, "explore", ""), lambda x: asked.append(1), many)
    assert len(asked) == 1


@pytest.mark.parametrize("kind", [[], {}, None, 7, "Exception\x03", "NotThere"])
def test_a_forged_kind_of_error_is_an_error_without_a_name(kind: object) -> None:
    found = Sandbox().problem({"problem": "raised", "kind": kind, "text": "x"})
    assert isinstance(found, AnswerFailed) and found.kind == "Exception"


@pytest.mark.parametrize(
    "tree",
    [
        {"array": 0, "dtype": "object", "shape": [1]},
        {"array": 0, "dtype": "float32", "shape": [-1]},
        {"array": 0, "dtype": "float32", "shape": [10**9, 10**9]},
        {"array": 7, "dtype": "float32", "shape": [1]},
        {"array": 0, "dtype": "float32", "shape": "x"},
        {"network": "vgg19"},
        {"function": 0},
        {"unknown": 1},
        [1, 2],
    ],
)
def test_a_forged_message_is_an_error_and_nothing_else(tree: object) -> None:
    with pytest.raises(wire.WireError):
        wire.Decoder([bytes(4)]).decode(tree)


def test_values_survive_the_wire() -> None:
    blobs: list[bytes] = []
    value = {"a": [np.arange(6).reshape(2, 3), (1, 2.5, None, True, "x")], "b": np.float32(3)}
    header, pieces = wire.unpack(reader(wire.pack({"value": wire.encode(value, blobs)}, blobs)))
    found = wire.Decoder(pieces).decode(header["value"])
    np.testing.assert_array_equal(found["a"][0], value["a"][0])
    assert found["a"][1] == (1, 2.5, None, True, "x") and found["b"] == 3.0


def reader(data: bytes):  # noqa: ANN201
    position = 0

    def read(count: int) -> bytes:
        nonlocal position
        position += count
        return data[position - count : position]

    return read


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b"nonsense", b'{"lengths": [5]}', b'{"lengths": "x"}', b"[" * 10**5]
)
def test_a_broken_frame_is_an_error(text: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack(reader(wire.LENGTHS.pack(len(text), 0) + text))


# --- the watchdog -----------------------------------------------------------------------------------


class Charge:
    """Something to look after; remembers what it was shown."""

    def __init__(self, pid: int, problem: Exception | None = None) -> None:
        self.pid, self.problem = pid, problem
        self.seen: list[list[int]] = []
        self.why = ""

    def inspect(self, members: list[int]) -> None:
        self.seen.append(members)
        if self.problem:
            raise self.problem

    def kill(self, why: str) -> None:
        self.why = why


def test_one_look_at_all_sandboxes_reads_the_processes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scans = []
    tree = {1: [10, 20, 30], 10: [11], 11: [12, 13], 30: [31]}
    monkeypatch.setattr(watchdog, "children_of_all", lambda: scans.append(1) or tree)
    charges = [Charge(10), Charge(20), Charge(30)]
    watchdog.look(charges)
    assert len(scans) == 1
    assert [sorted(each.seen[0]) for each in charges] == [[10, 11, 12, 13], [20], [30, 31]]


def test_what_cannot_be_looked_at_is_ended_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = Charge(10, RuntimeError("no")), Charge(20)
    watchdog.look([broken, sound])
    assert broken.why == watchdog.UNWATCHED and sound.why == ""

    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(watchdog, "children_of_all", fail)
    watchdog.look([sound])
    assert sound.why == watchdog.UNWATCHED


def test_the_watchdogs_thread_lives_as_long_as_there_is_something_to_guard() -> None:
    dog, charge = watchdog.Watchdog(), Charge(os.getpid())
    for _ in range(2):  # and again, when there is something again
        dog.add(charge)
        thread = dog.thread
        assert thread is not None
        dog.remove(charge)
        thread.join(timeout=60)
        assert not thread.is_alive() and dog.thread is None


@NEEDED
def test_all_sandboxes_have_one_watchdog_between_them() -> None:
    with Sandbox(SMALL) as first, Sandbox(SMALL) as second:
        assert WATCHDOG.charges == [first, second]
        assert [each.name for each in threading.enumerate()].count("watchdog") == 1
    assert WATCHDOG.charges == []


# --- where there is none ----------------------------------------------------------------------------


@pytest.fixture
def untried() -> Iterator[None]:
    """As if no sandbox had been tried yet."""
    sandbox.require_sandbox.cache_clear()
    yield
    sandbox.require_sandbox.cache_clear()


@pytest.mark.parametrize(("machine", "sentence"), LACKING, ids=[each.__name__ for each, _ in LACKING])
def test_where_no_sandbox_can_be_nothing_runs_and_a_sentence_says_what_to_do(
    machine: Any, sentence: str, monkeypatch: pytest.MonkeyPatch, untried: None
) -> None:
    machine(monkeypatch)
    taken = set(USERS_TAKEN)
    for attempt in (sandbox.require_platform, sandbox.require_sandbox, Sandbox(SMALL).__enter__):
        with pytest.raises(sandbox.SandboxMissing) as error:
            attempt()
        assert str(error.value) == f"{sentence} {ADVICE}"
    assert taken == USERS_TAKEN and "apt install bubblewrap" in ADVICE


@NEEDED
def test_a_sandbox_that_does_not_start_is_refused(monkeypatch: pytest.MonkeyPatch, untried: None) -> None:
    monkeypatch.setattr(process, "command", lambda *_: ["sh", "-c", "echo no permission >&2; exit 1"])
    with pytest.raises(sandbox.SandboxMissing, match="no permission"):
        sandbox.require_sandbox()


@NEEDED
@pytest.mark.parametrize("step", ["launch", "drain"])
def test_a_sandbox_that_fails_to_start_keeps_no_user_and_no_process(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, began = set(USERS_TAKEN), Sandbox.launch
    launched = []

    def launch(box: Sandbox) -> Any:
        if step == "launch":
            raise OSError(12, "Cannot allocate memory")
        launched.append(began(box))
        return launched[0]

    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Sandbox, "launch", launch)
    monkeypatch.setattr(threading, "Thread", NoThread)
    with pytest.raises((OSError, RuntimeError)):
        Sandbox(SMALL).__enter__()
    assert taken == USERS_TAKEN and WATCHDOG.charges == []
    assert all(process.poll() is not None for process in launched)
    monkeypatch.undo()
    with Sandbox(SMALL) as box:  # and the next one works, with a watchdog
        box.start()
        assert say(box, "print(1)") == "1\n" and WATCHDOG.thread is not None


def processes_with(word: str) -> list[int]:
    """The processes in whose environment a word stands: bubblewrap's, as it was started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


@NEEDED
def test_a_sandbox_that_is_ended_while_it_starts_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bubblewrap's first process inside does not notice the death of its parent before it is set up."""
    mark = f"ended-while-it-starts-{os.getpid()}"
    monkeypatch.setenv("NST_MARK", mark)
    for step in range(40):
        with Sandbox(SMALL):
            if step == 39:
                assert processes_with(mark)
            time.sleep(step / 2000)  # it has got less far or further
    assert all_gone(processes_with(mark))


def test_nothing_runs_where_submissions_could_read_the_solutions(tmp_path: Path) -> None:
    sandbox.require_hidden(tmp_path)
    with pytest.raises(sandbox.SandboxMissing, match="submissions can read"):
        sandbox.require_hidden(Path("/usr/src/app/solutions"))
    with pytest.raises(sandbox.SandboxMissing, match="submissions can read"):
        sandbox.require_hidden(tmp_path, Path(sys.prefix) / "class")


def test_outputs_are_cut_and_cleaned_by_the_grader_too() -> None:
    text = "\x1b[31mred\x1b[0m \ud800 " + "x" * 10**6
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}] * 1000
    outputs += [{"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "text/html": "<b>x</b>"}}]
    found = clean_outputs(outputs)
    assert len(found) < 60 and all(len(o["text"]) <= wire.MOST_TEXT for o in found)
    assert found[0]["text"].startswith("[31mred[0m ? x")
    assert clean_outputs("x") == clean_outputs([1, None, {"output_type": 3}]) == []


@NEEDED
def test_two_at_once_do_not_meet() -> None:
    said: dict[int, str] = {}

    def one(slot: int) -> None:
        with Sandbox(SMALL) as box:
            box.start()
            said[slot] = say(
                box,
                f"open('/tmp/{slot}', 'w').close()",
                "import os, time\ntime.sleep(1)\nprint([f for f in os.listdir('/tmp') if f.isdigit()])",
            )

    threads = [threading.Thread(target=one, args=(slot,)) for slot in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {0: "['0']\n", 1: "['1']\n"}


@NEEDED
def test_a_check_that_objects_to_how_its_function_is_called_is_heard(box: Sandbox) -> None:
    def measure(x: object) -> float:
        raise Mistake("You may measure an array only.")

    list(box.run(["def explore(f):\n    return f('text')"]))
    with pytest.raises(Mistake, match="^You may measure an array only.$"):
        box.call("explore", [measure])


# --- frames that were forged ------------------------------------------------------------------------

FORGED = """
import json, resource, sys
import numpy as np
from nstlib.course import wire

def frame(header, body=b""):
    text = json.dumps(header).encode()
    return wire.LENGTHS.pack(len(text), len(body)) + text + body

def read(data):
    place = 0
    def more(count):
        nonlocal place
        place += count
        return data[place - count : place]
    header, blobs = wire.unpack(more)
    return wire.Decoder(blobs).decode(header["value"])

def described(place, dtype, *shape):
    return {"array": place, "dtype": dtype, "shape": shape}

same = [described(0, "uint8", 1 << 20)] * 2500
cases = {
    "one blob 2,500 times": lambda: frame({"value": {"list": same}, "lengths": [1 << 20]}, bytes(1 << 20)),
    "millions of arrays": lambda: frame({"value": 0, "lengths": [0] * 5_000_000}),
    "millions of values": lambda: frame({"value": {"list": [0] * 5_000_000}, "lengths": []}),
    "millions of lists": lambda: frame({"value": [[]] * 4_000_000, "lengths": []}),
    "sixty million numbers": lambda: frame(
        {"value": described(0, "bool", 60 << 20), "lengths": [60 << 20]}, bytes(60 << 20)
    ),
    "millions of quotes": lambda: wire.LENGTHS.pack(wire.MOST_JSON, 0) + b'"' * wire.MOST_JSON,
    "another size": lambda: frame({"value": described(0, "float64", 1 << 20), "lengths": [8]}, bytes(8)),
}
data = cases[sys.argv[1]]()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(data)
except wire.WireError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
FRAMES = ("one blob 2,500 times", "millions of arrays", "millions of values", "millions of lists")


@pytest.mark.parametrize("case", [*FRAMES, "millions of quotes", "sixty million numbers", "another size"])
def test_a_forged_frame_is_refused_in_little_memory(case: str) -> None:
    """In a process of its own, whose peak is measured from when the frame is there to be read."""
    run = subprocess.run([sys.executable, "-c", FORGED, case], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 200 << 10  # kilobytes


def test_a_text_that_looks_like_structure_is_a_text() -> None:
    value = ["[" * 10**6, ',{"' * 10**5, "\\" * 99_999 + '"', "\u2200,[", ""]
    header, _ = wire.unpack(reader(wire.pack({"value": wire.encode(value, [])}, [])))
    assert wire.Decoder([]).decode(header["value"]) == value


def test_values_are_counted_over_the_borders_of_what_is_looked_at_in_one_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "CHUNK", 7)
    text = json.dumps([{"a,[": ['"', "\\", '\\"[', 1]}, [], {}, "\\" * 9 + ",", 2.5])
    assert wire.elements(text.encode()) == 13  # twelve commas and brackets are outside of texts


# --- pictures and floods ----------------------------------------------------------------------------


def png(width: int, height: int) -> str:
    """The beginning of a PNG picture of this size, which is all that is read."""
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return base64.b64encode(start + bytes(100)).decode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_size_of_a_picture_is_read_from_its_first_bytes(kind: str) -> None:
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (37, 21)).save(made, kind)
    assert picture_size(made.getvalue()[:400]) == (37, 21)
    assert picture_size(made.getvalue()[:3]) is None and picture_size(b"GIF89a" + bytes(99)) is None


def test_a_picture_that_would_fill_the_readers_memory_is_a_sentence() -> None:
    outputs = [{"output_type": "display_data", "data": {"image/png": png(*size)}} for size in SIZES]
    kept, left_out, odd = clean_outputs([*outputs, {"output_type": "display_data", "data": NO_PICTURE}])
    assert "image/png" in kept["data"] and "image/png" not in {**left_out["data"], **odd["data"]}
    assert "of 16000 x 16000 pixels; at most 4000 a side" in left_out["data"]["text/plain"]
    assert "no PNG or JPEG" in odd["data"]["text/plain"]


SIZES = ((4000, 10), (16_000, 16_000))
NO_PICTURE = {"image/png": base64.b64encode(b"<svg>").decode()}


def test_all_outputs_of_a_notebook_share_one_room() -> None:
    room, flood = Room(), [{"output_type": "stream", "name": "stdout", "text": "<" * 20_000}] * 50
    kept = [output for _ in range(100) for output in clean_outputs(flood, room)]
    assert sum(len(output["text"]) for output in kept) < 101_000 and "no more outputs" in kept[-1]["text"]


@NEEDED
def test_code_inside_learns_nothing_of_where_the_teacher_keeps_things(box: Sandbox, tmp_path: Path) -> None:
    said = say(box, "print(open('/proc/1/cmdline').read().split(chr(0)))")
    words = eval(said)
    assert words[1] == "--args" and words[3:] == ["--", sys.executable, "-m", "nstlib.course.runner", ""]


# --- time and cores ---------------------------------------------------------------------------------


@NEEDED
def test_a_sandbox_stays_on_its_core_and_its_neighbour_has_another() -> None:
    code = "import os\nprint(sorted(os.sched_getaffinity(0)))"
    leave = "os.sched_setaffinity(0, range(1000))"
    usual = os.sched_getaffinity(0)
    with Sandbox(SMALL) as first, Sandbox(SMALL) as second:
        cores = []
        for each in (first, second):
            each.start()
            cores.append(eval(say(each, code)))
            assert "not permitted" in say(each, leave) and eval(say(each, code)) == cores[-1]
    assert all(len(core) == 1 for core in cores)
    assert len(usual) == 1 or cores[0] != cores[1]
    assert os.sched_getaffinity(0) == usual and not any(TAKEN.values())


@NEEDED
def test_time_of_all_processes_counts_and_waiting_counts_for_less(box: Sandbox) -> None:
    work = "sum(range(2 * 10**7))"
    code = f"import os, time\nif os.fork() == 0:\n    {work}\n    os._exit(0)\nos.wait()"
    before = box.spent()
    say(box, code)
    computed = box.spent() - before
    assert computed > 0.1  # of a child that is no more
    before = box.spent()
    say(box, "time.sleep(3)")
    assert 0.5 < box.spent() - before < 3  # a third of the clock's, up to when the watchdog looked last


@NEEDED
def test_a_process_that_stops_itself_is_ended(quick_box: Sandbox) -> None:
    with pytest.raises(SandboxEnded, match="stopped its own process") as end:
        say(quick_box, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")
    assert end.value.cause == sandbox.Cause.PAUSED
