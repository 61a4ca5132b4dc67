"""The course on a JupyterHub: what students' servers are made of, and a class of two on a real hub.

The hub is real, and so are its proxy, the students' servers, nbgitpuller and what they write; passwords and
system users are not (`deploy/jupyterhub/rehearsal.py`). Stand-ins take the place of Docker and of The
Littlest JupyterHub.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import browsing
import containers
import nbformat
import pytest
from test_jupyterlab import Notebook, source

from nstlib.course import exercises, links

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "deploy" / "jupyterhub"
IMAGE = PLACE / "Dockerfile"
LESSON, EXERCISE = "notebooks/00_start_here.ipynb", "exercises/ex04_gram_matrices/ex04_gram_matrices.ipynb"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="hubs are Linux")
PARTS = ("jupyterhub", "nbgitpuller", "configurable_http_proxy")
needs_a_hub = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, PARTS)) or not shutil.which("git"),
    reason="needs git and the extra `hub`: JupyterHub, nbgitpuller and a proxy",
)


# --- the image of a student's server -------------------------------------------------------------------


def test_the_image_holds_what_it_copies_and_nothing_of_the_solutions() -> None:
    copied = containers.copied(IMAGE)
    assert copied == containers.allowed(IMAGE) and all((ROOT / name).exists() for name in copied)
    text = Path(f"{IMAGE}.dockerignore").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line and not line.startswith("#")][0] == "*"
    assert not {name for name in copied if "solutions" in name or name in (".", "tests", "deploy")}


def test_the_image_installs_the_course_s_own_versions_and_nobody_in_it_is_root() -> None:
    runs = " ".join(rest for word, rest in containers.instructions(IMAGE) if word == "RUN")
    ((options, extras),) = re.findall(r"pip install (.*?) -e \"\.\[([\w,]+)\]\"", runs)
    assert "-c constraints.txt" in options and set(extras.split(",")) <= set(EXTRAS) and "hub" in extras
    assert "http" not in runs and "index-url" not in runs
    *_, user, _, _ = containers.instructions(IMAGE)
    assert user == ("USER", "1000:100")  # as Zero to JupyterHub has it


def test_the_image_s_python_runs_the_course(tmp_path: Path) -> None:
    """Its folder alone, in another place: that the package finds its data and lets itself be compiled."""
    course = containers.copy_into(tmp_path / "course", IMAGE)
    runs = " ".join(rest for word, rest in containers.instructions(IMAGE) if word == "RUN")
    steps = [
        ["-m", "compileall", "-q", "nstlib"],
        *(["-c", code] for code in re.findall(r'-c "(.*?)"', runs)),
    ]
    use = "import nstlib as nst; print(nst.__file__, nst.load_image('cat', 64).shape)"
    environment = {**os.environ, "PYTHONPATH": str(course)}
    for step in (*steps, ["-c", use]):
        command = [sys.executable, *step]
        done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(course)) and "(1, " in done.stdout


def test_students_see_no_questions_of_jupyterlab_s() -> None:
    sys.path.insert(0, str(ROOT))
    try:
        import run
    finally:
        sys.path.remove(str(ROOT))
    assert json.loads((PLACE / "overrides.json").read_text()) == run.LAB_SETTINGS


# --- Kubernetes ---------------------------------------------------------------------------------------


def test_the_values_for_kubernetes_are_whole() -> None:
    yaml = pytest.importorskip("yaml")
    values = yaml.safe_load((PLACE / "values.yaml").read_text(encoding="utf-8"))
    student = values["singleuser"]
    assert {"name", "tag"} == set(student["image"]) and student["cmd"] == "jupyterhub-singleuser"
    assert float(student["memory"]["guarantee"][:-1]) < float(student["memory"]["limit"][:-1])
    shell, flag, hook = student["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert (shell, flag) == ("sh", "-c")
    # Kubernetes ends a container whose hook fails; without a network the student shall still have a server.
    assert re.fullmatch(r"gitpuller https://github\.com/OWNER/NAME BRANCH NAME \|\| true", hook)


# --- The Littlest JupyterHub --------------------------------------------------------------------------


@pytest.fixture
def littlest(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A public tree with the script, and an environment in which The Littlest JupyterHub is a log."""
    place = tmp_path / "course" / "deploy" / "jupyterhub"
    shutil.copytree(PLACE, place)
    environment = containers.variables(tmp_path, TLJH_USER=str(tmp_path / "user"), LOG=str(tmp_path / "log"))
    (tmp_path / "user" / "bin").mkdir(parents=True)
    record = 'echo "$(basename "$0") $*" >> "$LOG"'
    containers.program(tmp_path / "bin", "tljh-config", record, "/bin/sh")
    containers.program(tmp_path / "user" / "bin", "python", record, "/bin/sh")
    return place / "tljh.sh", environment


def test_the_littlest_jupyterhub_gets_packages_settings_and_limits(
    littlest: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    script, environment = littlest
    subprocess.run(["bash", str(script)], check=True, env={**environment, "MEMORY": "4G"})
    _, install, *settings = (tmp_path / "log").read_text().splitlines()
    course = script.parents[2]
    assert install.endswith(f"-c {course}/constraints.txt {course}[lab,video]")
    assert "tljh-config set limits.memory 4G" in settings and "tljh-config set limits.cpu 2" in settings
    assert settings[-1] == "tljh-config reload"
    for file in (
        "etc/jupyter/jupyter_server_config.d/course.json",
        "share/jupyter/lab/settings/overrides.json",
    ):
        assert json.loads((tmp_path / "user" / file).read_text())


def test_the_littlest_jupyterhub_gets_no_solutions_and_no_wrong_python(
    littlest: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    script, environment = littlest
    (script.parents[2] / "solutions").mkdir()
    done = subprocess.run(["bash", str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "put the public tree there" in done.stderr
    containers.program(tmp_path / "user" / "bin", "python", "exit 1", "/bin/sh")
    done = subprocess.run(["bash", str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "too old or too new" in done.stderr
    (tmp_path / "user" / "bin" / "python").unlink()
    done = subprocess.run(["bash", str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "install it first" in done.stderr and "pip" not in str(done)


# --- collecting and handing back ------------------------------------------------------------------------


def collect(homes: Path, *more: str) -> tuple[subprocess.CompletedProcess[str], dict[str, bytes]]:
    """Run `collect.py` on a folder of home folders; returns what it said and what is in the ZIP."""
    target = homes.parent / "class.zip"
    command = [
        sys.executable,
        str(PLACE / "collect.py"),
        "ex04",
        "--homes",
        str(homes),
        "-o",
        str(target),
        *more,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if not target.is_file():
        return done, {}
    assert target.stat().st_mode & 0o077 == 0, "it is nobody else's to read"
    with zipfile.ZipFile(target) as archive:
        return done, {name: archive.read(name) for name in archive.namelist()}


def work(text: str) -> bytes:
    """The release of the exercise with an answer."""
    notebook = nbformat.read(ROOT / EXERCISE, as_version=4)
    (cell,) = [each for each in notebook.cells if each.id == "ex04-gram-matrix-answer"]
    cell.source = text
    return nbformat.writes(notebook).encode()


def test_what_students_wrote_is_collected_and_what_nobody_touched_is_not(tmp_path: Path) -> None:
    homes, there = tmp_path / "homes", Path("nst-course") / EXERCISE
    for name in ("anna", "ben", "cem", "dora"):
        (homes / f"jupyter-{name}" / there.parent).mkdir(parents=True)
    (homes / "jupyter-anna" / there).write_bytes(work("anna"))
    (homes / "jupyter-ben" / "my ex04, second try.ipynb").write_bytes(work("ben"))
    (homes / "jupyter-ben" / there).write_bytes((ROOT / EXERCISE).read_bytes())
    saved = homes / "jupyter-ben" / there.parent / ".ipynb_checkpoints"
    saved.mkdir()
    (saved / "ex04_gram_matrices-checkpoint.ipynb").write_bytes(work("older"))
    (homes / "jupyter-cem" / there).write_bytes((ROOT / EXERCISE).read_bytes() + b"\n")
    (homes / "teacher").mkdir()
    done, found = collect(homes)
    assert done.returncode == 0, done.stderr
    name = "ex04_gram_matrices.ipynb"
    assert found == {f"anna/{name}": work("anna"), f"ben/{name}": work("ben")}
    assert "1 not begun: cem\n1 no notebook of it: dora\n2 of 4 students have handed in: " in done.stdout


def test_a_student_s_folder_leads_nowhere_else(tmp_path: Path) -> None:
    """The one who collects may read everything; a link or a pipe must not be followed."""
    homes = tmp_path / "homes"
    (homes / "eve" / "deep").mkdir(parents=True)
    (homes / "anna").mkdir()
    (homes / "anna" / "ex04.ipynb").write_bytes(work("anna"))
    (homes / "eve" / "ex04.ipynb").symlink_to(homes / "anna" / "ex04.ipynb")
    (homes / "eve" / "folder").symlink_to(homes / "anna")
    os.mkfifo(homes / "eve" / "deep" / "ex04-pipe.ipynb")
    (homes / "mallory").symlink_to(homes / "anna")
    (homes / "eve" / "ex04-large.ipynb").write_bytes(b"")
    os.truncate(homes / "eve" / "ex04-large.ipynb", (50 << 20) + 1)
    done, found = collect(homes, "--prefix", "")
    assert set(found) == {"anna/ex04_gram_matrices.ipynb"} and "mallory" not in done.stdout
    for said in ("eve: ex04.ipynb: ", "ex04-pipe.ipynb: it is no ordinary file", "it has more than 50 MB"):
        assert said in done.stdout
    assert "1 of 2 students" in done.stdout


def test_no_student_stops_the_collection(tmp_path: Path) -> None:
    """Times that no ZIP knows, folders without end, names that are no text or move a terminal's cursor."""
    homes = tmp_path / "homes"
    for name in ("anna", "eve", "zoe"):
        (homes / name).mkdir(parents=True)
        (homes / name / "ex04.ipynb").write_bytes(work(name))
    os.utime(homes / "eve" / "ex04.ipynb", (7_258_118_400, 7_258_118_400))
    deep = os.open(homes / "eve", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=deep)
        inner = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = inner
    os.close(deep)
    for name in (b"ex04\xff.ipynb", b"ex04\x1b[31m\r2 of 2.ipynb"):
        os.symlink(b"/etc/passwd", os.fsencode(homes / "eve") + b"/" + name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONIOENCODING", "utf-8:strict")
        done, found = collect(homes, "--prefix", "")
    subprocess.run(["rm", "-r", str(homes / "eve" / "d")], check=True)  # pytest could not
    assert done.returncode == 0, done.stderr
    assert set(found) == {f"{name}/ex04_gram_matrices.ipynb" for name in ("anna", "eve", "zoe")}
    assert "\x1b" not in done.stdout and "eve: ex04\\udcff.ipynb: " in done.stdout
    assert "eve: folders deeper than 30; not all were looked at" in done.stdout


def test_of_many_notebooks_the_newest_are_collected(tmp_path: Path) -> None:
    home = tmp_path / "homes" / "anna"
    home.mkdir(parents=True)
    for number in range(25):
        path = home / f"ex04-{number:02}.ipynb"
        path.write_bytes(work(f"number {number}"))
        os.utime(path, (1_700_000_000 - number, 1_700_000_000 - number))
    done, found = collect(home.parent, "--prefix", "")
    assert found["anna/ex04_gram_matrices.ipynb"] == work("number 0") and len(found) == 20
    assert "anna: more than 20 notebooks; the 5 oldest were left out" in done.stdout


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_s_is_not_collected(tmp_path: Path) -> None:
    home = tmp_path / "homes" / "eve"
    home.mkdir(parents=True)
    (home / "ex04.ipynb").write_bytes(work("somebody"))
    os.chown(home, 1234, 1234)
    done, found = collect(home.parent, "--prefix", "")
    assert (
        not found and done.returncode == 1 and "eve: ex04.ipynb: it belongs to somebody else" in done.stdout
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--prefix", "nobody-"], "There is no folder nobody-NAME in "), (["--homes", "/nowhere"], "/nowhere")],
)
def test_where_nothing_can_be_collected_one_line_says_so(tmp_path: Path, more: list[str], said: str) -> None:
    done, found = collect(tmp_path, *more)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can go through, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_pages_are_handed_back_with_the_student_s_own_rights(open_folder: Path) -> None:
    homes, pages, private = (open_folder / name for name in ("homes", "pages", "private"))
    for name in ("anna", "eve"):
        (homes / f"jupyter-{name}").mkdir(parents=True)
        (pages / name).mkdir(parents=True)
        (pages / name / "ex04.html").write_text(f"for {name}")
    (pages / "gone").mkdir()
    (pages / "gone" / "ex04.html").touch()
    private.mkdir(mode=0o700)
    (homes / "jupyter-eve" / "feedback").symlink_to(private)
    as_root = os.getuid() == 0
    if as_root:  # two students; as anybody else, both are ourselves and the link is our own
        os.chown(homes / "jupyter-anna", 1234, 1234)
        os.chown(homes / "jupyter-eve", 1235, 1235)
    command = [sys.executable, str(PLACE / "hand_back.py"), str(pages), "--homes", str(homes)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (
        done.returncode == 1 and "gone: ex04.html was not handed back: there is no such home" in done.stdout
    )
    page = homes / "jupyter-anna" / "feedback" / "ex04.html"
    assert page.read_text() == "for anna" and page.stat().st_uid == (1234 if as_root else os.getuid())
    if as_root:
        assert list(private.iterdir()) == [] and "eve: ex04.html was not handed back: " in done.stdout


def test_where_all_homes_belong_to_one_user_a_link_leads_nowhere_either(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        (tmp_path / "homes" / name).mkdir(parents=True)
        (tmp_path / "pages" / name).mkdir(parents=True)
        (tmp_path / "pages" / name / "ex04.html").write_text(f"for {name}")
    (tmp_path / "homes" / "anna" / "feedback").mkdir()
    (tmp_path / "homes" / "ben" / "feedback").symlink_to("../anna/feedback")
    homes = ["--homes", str(tmp_path / "homes"), "--prefix", ""]
    command = [sys.executable, str(PLACE / "hand_back.py"), str(tmp_path / "pages"), *homes]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "1 pages handed back, 1 not." in done.stdout
    assert "ben: ex04.html was not handed back: " in done.stdout
    feedback = tmp_path / "homes" / "anna" / "feedback"
    assert [path.read_text() for path in feedback.iterdir()] == ["for anna"]


# --- two students on a hub ------------------------------------------------------------------------------

RIGHT = """\
def gram_matrix(features):
    F = features.reshape(-1, features.shape[-1])
    return F.T @ F / len(F)"""
WRONG = RIGHT.replace(" / len(F)", "")
ANSWERS = {"anna": RIGHT, "ben": WRONG}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the lessons and exercises, as nbgitpuller takes it from GitHub."""
    repository = tmp_path_factory.mktemp("github") / links.in_clone().slug.partition("/")[2]
    skip = shutil.ignore_patterns("thumbnails", "slides", ".ipynb_checkpoints")
    for folder in ("notebooks", "exercises"):
        shutil.copytree(ROOT / folder, repository / folder, ignore=skip)
    git(repository, "init", "-q", "-b", links.in_clone().branch)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "The course")
    return repository


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody, without the settings of this machine."""
    who = ["-c", "user.name=A teacher", "-c", "user.email=teacher@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of the rehearsal hub, and its folder of home folders."""
    with contextlib.ExitStack() as stack:
        for left in (2, 1, 0):
            place = tmp_path_factory.mktemp("hub")
            try:
                address = stack.enter_context(started(place))
                break
            except RuntimeError:  # JupyterHub gives its proxy ten seconds, which a busy machine may exceed
                if not left:
                    raise
        yield address, place / "homes"


@contextlib.contextmanager
def started(place: Path) -> Iterator[str]:
    """The rehearsal hub with a folder of its own; yields its address."""
    options = ["--allow-root"] if os.getuid() == 0 else []
    options += ["--LabApp.expose_app_in_browser=True"]

    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "jupyterhub", "-f", str(PLACE / "rehearsal.py")),
            f"--JupyterHub.bind_url=http://127.0.0.1:{port}",
            f"--SimpleLocalProcessSpawner.args={options}",
        ]

    environment = {"NST_REHEARSAL": str(place), "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        with browsing.server(command, place, page="/hub/login", start_in=place, **environment) as address:
            yield address
    finally:  # a hub that could not start leaves its proxy behind
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((place / "proxy.pid").read_text()), signal.SIGTERM)


def link(hub: str, published: Path, path: str) -> str:
    """The link that students get, to the repository of this machine in the place of GitHub's."""
    course = links.in_clone()
    return course.hub(hub, path).replace(
        quote(course.address, safe=""), quote(f"file://{published}", safe="")
    )


def log_in(page: Any, name: str) -> None:
    """Fill in the hub's form, and do not wait for what comes."""
    page.locator("#username_input").fill(name)
    page.locator("#password_input").fill("rehearsal")
    page.locator("#login_submit").click(no_wait_after=True)


def opened(page: Any, path: str) -> Notebook:
    """The notebook of a link, once it is the one in front: JupyterLab first brings back what was open."""
    front = f"{Notebook.FRONT}?.context?.path?.endsWith({json.dumps(path)})"
    page.wait_for_function(f"() => {front}", timeout=1000 * browsing.PATIENCE, polling=100)
    return Notebook(page)


RUN = """async ([place, text]) => {
    const panel = window.jupyterapp.shell.currentWidget;
    panel.content.activeCellIndex = place;
    if (text) panel.content.model.sharedModel.cells[place].setSource(text);
    await window.jupyterapp.commands.execute("notebook:run-cell");
}"""


def run_cell(notebook: Notebook, place: int, text: str = "") -> None:
    """Have JupyterLab run a cell of code; tests/test_jupyterlab.py does it with mouse and keys."""
    notebook.page.evaluate(RUN, [place, text])


def run_two_cells(notebook: Notebook) -> None:
    """Run the first two cells of code, and wait for both."""
    places = [place for place, cell in enumerate(notebook.cells()) if cell["cell_type"] == "code"]
    for place in places[:2]:
        run_cell(notebook, place)
    notebook.wait_for_cells("cells[1].execution_count === 2")


@pytest.fixture(scope="module")
def homes(browser: Any, hub: tuple[str, Path], published: Path) -> Path:
    """The students' home folders, after both have followed two links, run cells and saved an answer."""
    address, folder = hub
    with browsing.watched_page(browser) as anna, browsing.watched_page(browser) as ben:
        pages = {"anna": anna, "ben": ben}
        for name, page in pages.items():
            page.goto(link(address, published, LESSON))
            log_in(page, name)
        for page in pages.values():  # two servers start, and two copies of the course are fetched
            page.wait_for_url("**/lab/tree/**", timeout=4000 * browsing.PATIENCE, wait_until="commit")
        lessons = {name: opened(page, LESSON) for name, page in pages.items()}
        for notebook in lessons.values():
            run_two_cells(notebook)
            (table,) = [cell for cell in notebook.cells() if "nst.machine()" in source(cell)]
            assert "processor cores" in str(table["outputs"]) and notebook.path.endswith(LESSON)
        for name, page in pages.items():
            page.goto(link(address, published, EXERCISE))
            answer(opened(page, EXERCISE), ANSWERS[name])
        for page in pages.values():
            assert not page.outside and not page.errors
            page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    return folder


def answer(notebook: Notebook, text: str) -> None:
    """Answer the first question of the exercise, and save the notebook."""
    run_two_cells(notebook)
    place = notebook.place(lambda cell: cell["id"] == "ex04-gram-matrix-answer")
    run_cell(notebook, place, text)
    run_cell(notebook, place + 1)
    notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    notebook.wait(f"!{notebook.FRONT}.context.model.dirty", browsing.PATIENCE)


@needs_a_hub
@pytest.mark.browser
def test_two_students_at_once_work_each_in_a_folder_of_their_own(homes: Path, published: Path) -> None:
    assert sorted(path.name for path in homes.iterdir()) == ["anna", "ben"]
    for name, text in ANSWERS.items():
        saved = homes / name / published.name / EXERCISE
        assert text in [cell.source for cell in nbformat.read(saved, as_version=4).cells]


@needs_a_hub
@pytest.mark.browser
def test_what_the_teacher_changes_arrives_and_what_the_student_wrote_stays(
    homes: Path, published: Path
) -> None:
    """The same as following the link again, by nbgitpuller's command."""
    (published / "notebooks" / "NEWS.md").write_text("The lecture is in room 4.\n", encoding="utf-8")
    git(published, "add", ".")
    git(published, "commit", "-q", "-m", "News")
    branch = links.in_clone().branch
    command = [sys.executable, "-m", "nbgitpuller.pull", f"file://{published}", branch, published.name]
    subprocess.run(command, cwd=homes / "anna", check=True, capture_output=True)
    assert (homes / "anna" / published.name / "notebooks" / "NEWS.md").is_file()
    assert RIGHT.splitlines()[-1] in (homes / "anna" / published.name / EXERCISE).read_text(encoding="utf-8")


@needs_a_hub
@pytest.mark.browser
@pytest.mark.sandbox
@pytest.mark.skipif(not exercises.SOLUTIONS.is_dir(), reason="the public tree has no solutions")
def test_the_class_is_collected_graded_and_gets_its_pages_back(homes: Path, tmp_path: Path) -> None:
    pytest.importorskip("nbgrader")
    archive, grading = tmp_path / "class.zip", tmp_path / "grading"
    scripts = {name: [sys.executable, str(PLACE / f"{name}.py")] for name in ("collect", "hand_back")}
    here = ["--homes", str(homes), "--prefix", ""]
    nst = [sys.executable, "-m", "nstlib.cli"]
    for command in (
        [*scripts["collect"], "ex04", *here, "-o", str(archive)],
        [*nst, "grade", str(archive), "-o", str(grading)],
        [*nst, "return", str(grading), "--folder", "-o", str(tmp_path / "returned")],
        [*scripts["hand_back"], str(tmp_path / "returned" / "feedback"), *here],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((grading / "results.json").read_text(encoding="utf-8")).values()
    scores = {row["student"]: row["outcomes"]["gram_matrix"]["score"] for row in rows}
    assert scores["anna"] == 3 and scores["ben"] < 3
    for name in ANSWERS:
        page = (homes / name / "feedback" / "ex04_gram_matrices.html").read_text(encoding="utf-8")
        assert "gram_matrix" in page
