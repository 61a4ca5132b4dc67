"""Every link that names the repository, and `nst links`, which sets them."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from nstlib import cli
from nstlib.course import links

ROOT = Path(__file__).resolve().parent.parent
COURSE = links.in_clone()
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("ex*/*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("ex*/*.ipynb"))
NOTEBOOKS = [*LESSONS, *EXERCISES, *SOLUTIONS]
PAPERS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("notebooks/**/*.md")),
    ROOT / "exercises" / "README.md",
]
SERVICES = r"https://(?:colab\.research\.google\.com|mybinder\.org)/[^\s)\"'\\]+"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=map(name, NOTEBOOKS))


# --- the links and the set-up cells there are -------------------------------------------------------


@pytest.mark.parametrize("path", [*PAPERS, *NOTEBOOKS], ids=map(name, [*PAPERS, *NOTEBOOKS]))
def test_every_link_to_colab_or_binder_names_the_repository_the_branch_and_a_file(path: Path) -> None:
    for link in re.findall(SERVICES, path.read_text(encoding="utf-8")):
        found = re.search(r"(?:notebooks|exercises|solutions)/[^?#]+$", link)
        assert found, f"{link} names no file of the course"
        assert link in (COURSE.colab(found[0]), COURSE.binder(found[0]))
        assert (ROOT / found[0]).is_file(), f"{link}: there is no such file"


@each_notebook
def test_the_first_cell_links_to_this_very_notebook(path: Path) -> None:
    own = name(path).replace("solutions/", "exercises/")  # the release is made from the solution
    head = nbformat.read(path, as_version=4).cells[0].source
    assert f"[Open in Colab]({COURSE.colab(own)})" in head
    assert f"[Open in Binder]({COURSE.binder(own)})" in head
    assert len(re.findall(SERVICES, head)) == 2


@each_notebook
def test_the_set_up_cell_is_the_same_everywhere_and_the_first_to_run(path: Path) -> None:
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.source for cell in code if "set-up" in cell.metadata.get("tags", [])] == [COURSE.bootstrap]
    assert code[0].source == COURSE.bootstrap and code[0].outputs == []


def test_the_set_up_cell_touches_nothing_that_colab_brings() -> None:
    """By construction: the course alone is installed, from the branch that the links name."""
    (command,) = [line for line in COURSE.bootstrap.splitlines() if "pip" in line]
    assert command.split() == ["%pip", "install", "--quiet", "--no-deps", COURSE.requirement]
    assert command.startswith("    "), "it runs in Colab only"


def test_nothing_is_left_to_point_elsewhere() -> None:
    """CITATION.cff and the README's `git clone` included."""
    assert links.changes(COURSE) == {}
    assert f"repository-code: {COURSE.address}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"{COURSE.clone}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


# --- nst links ------------------------------------------------------------------------------------


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A copy of the course as someone who has forked it has it, in a folder with a space in its name."""
    target = tmp_path / "a fork"
    skip = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "weights")
    for folder in ("nstlib", "notebooks", "exercises", "solutions"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, target / folder, ignore=skip)
    for file in ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CITATION.cff"):
        shutil.copy(ROOT / file, target)
    return target


def nst(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`nst` of a copy of the course."""
    command = [sys.executable, "-c", "import sys; from nstlib.cli import main; sys.exit(main())", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.mark.parametrize("branch", ["main", "autumn/week-1"])
def test_a_fork_works_after_one_command_and_back_again(fork: Path, branch: str) -> None:
    before = contents(fork)
    done = nst(fork, "links", "someone/their-course", "--branch", branch)
    assert done.returncode == 0, done.stderr
    after = contents(fork)
    changed = {path for path in before if before[path] != after[path]}
    assert after.keys() == before.keys() and changed == set(done.stdout.splitlines()[:-1])
    assert changed >= {"pyproject.toml", "CITATION.cff", "README.md", *map(name, NOTEBOOKS)}
    target = links.in_clone(fork)
    assert (target.slug, target.branch) == ("someone/their-course", branch)
    left = [p for p in after if COURSE.slug.encode() in after[p] and p != "nstlib/course/repository.py"]
    assert left == [], "where the constant PLACEHOLDER stands, and nowhere else"
    assert nst(fork, "links", "--check").returncode == 0
    assert nst(fork, "links").stdout.startswith("0 files changed") and contents(fork) == after
    assert nst(fork, "links", COURSE.slug, "--branch", COURSE.branch).returncode == 0
    assert contents(fork) == before


def test_the_address_of_the_site_follows_unless_one_was_set(fork: Path) -> None:
    assert nst(fork, "links", "Someone/their-course").returncode == 0
    assert links.site(fork) == "https://someone.github.io/their-course/"
    done = nst(fork, "links", "--site", "https://nst.example.org/course")
    assert done.stdout.splitlines()[0] == "pyproject.toml", done.stderr
    assert nst(fork, "links", "--check").returncode == 0
    assert links.site(fork) == "https://nst.example.org/course/"
    assert nst(fork, "links", "other/theirs").returncode == 0
    assert links.site(fork) == "https://other.github.io/theirs/"
    assert nst(fork, "links", "other/other.github.io").returncode == 0
    assert links.site(fork) == "https://other.github.io/"
    done = nst(fork, "links", "--site", 'https://a"b/')
    assert done.returncode == 1 and "Write an address" in done.stderr


@pytest.mark.skipif(not SOLUTIONS, reason="the public tree has no solutions")
@pytest.mark.skipif(not importlib.util.find_spec("nbgrader"), reason="needs nbgrader")
def test_the_exercises_of_a_fork_still_follow_from_their_solutions(fork: Path) -> None:
    assert nst(fork, "links", "someone/their-course", "--branch", "autumn").returncode == 0
    before = contents(fork / "exercises")
    # The releases alone: the recordings of right values, which take minutes, have no links in them.
    program = "from nstlib.course import exercises, releases; print(*releases.write(exercises.names()))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=fork, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stdout.strip()) == (0, ""), f"changed: {done.stdout}{done.stderr}"
    assert contents(fork / "exercises") == before


def test_check_names_each_file_and_changes_none(fork: Path) -> None:
    lesson = fork / "notebooks" / LESSONS[0].name
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(text.replace(f"github/{COURSE.slug}/", "github/upstream/course/"), encoding="utf-8")
    before = contents(fork)
    done = nst(fork, "links", "--check")
    assert done.returncode == 1 and contents(fork) == before
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nst: notebooks/{lesson.name} does not point at {COURSE.slug}")
    assert nst(fork, "links").returncode == 0  # what a merge from upstream brings is set right
    assert lesson.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["someone"], "write OWNER/NAME"),
        (["some one/course"], "write OWNER/NAME"),
        (["someone/.."], "write OWNER/NAME"),
        (["https://example.org/someone/course"], "write OWNER/NAME"),
        (["someone/course", "--branch", "a..b"], "cannot stand in a link"),
        (["someone/course", "--branch", "a b"], "cannot stand in a link"),
        (["someone/course", "--branch", "week/"], "cannot stand in a link"),
        (["someone/course", "--branch", 'x"'], "cannot stand in a link"),
    ],
)
def test_bad_names_get_one_sentence_and_change_nothing(
    fork: Path, arguments: list[str], sentence: str
) -> None:
    before = contents(fork)
    done = nst(fork, "links", *arguments)
    assert done.returncode == 1 and sentence in done.stderr and done.stderr.count("\n") == 1
    assert contents(fork) == before


def test_without_a_clone_there_is_nothing_to_set(fork: Path) -> None:
    shutil.rmtree(fork / "notebooks")
    done = nst(fork, "links", "someone/course")
    assert done.returncode == 1 and done.stderr.startswith("nst: There is no clone of the course in ")


def test_a_pyproject_without_the_line_is_refused(fork: Path) -> None:
    file = fork / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(COURSE.setting, 'Repository = "elsewhere"'))
    done = nst(fork, "links", "someone/course")
    assert done.returncode == 1 and "pyproject.toml should say" in done.stderr


def test_what_cannot_be_written_leaves_all_as_it_was(fork: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = links.changes(links.repository("someone/course", "main"), fork)
    before = contents(fork)
    last = list(changes)[-1]
    assert last.name == "pyproject.toml"
    last.unlink()
    last.mkdir()  # in the way
    with pytest.raises(IsADirectoryError):
        links.write(changes)
    assert contents(fork) == {path: data for path, data in before.items() if path != "pyproject.toml"}


TARGET = links.Repository("someone/theirs", "week/1")
INSTALL = "%pip install --quiet --no-deps"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git clone https://github.com/us/course\ncd course\n", "{clone}\ncd theirs\n"),
        ("git clone https://github.com/us/course.git\r\ncd course\r\n", "{clone}\r\ncd theirs\r\n"),
        ("`git clone --branch old https://github.com/us/course`", "`{clone}`"),
        ("git clone https://github.com/us/course\ncd elsewhere\n", "{clone}\ncd elsewhere\n"),
        ('"pip install git+https://github.com/us/course.git@main\\n",', '"pip install {requirement}\\n",'),
        ("git+https://github.com/us/course", "{requirement}"),
        (f"{INSTALL} git+https://github.com/up/stream@v1", f"{INSTALL} {{requirement}}"),
        ("(https://colab.research.google.com/github/us/course/blob/main/new.ipynb)", "({colab}new.ipynb)"),
        ("(https://colab.research.google.com/github/up/stream/blob/a%2Fb/here.ipynb)", "({colab}here.ipynb)"),
        ("(https://mybinder.org/v2/gh/us/course/a%2Fb?urlpath=lab/tree/new.ipynb)", "({binder}new.ipynb)"),
        ("repository-code: https://github.com/up/stream\r\n", "repository-code: https://github.com/someone/theirs\r\n"),
    ],
)  # fmt: skip
def test_each_form_is_set_and_line_ends_stay(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "here.ipynb").touch()
    result = expected.format(
        clone="git clone --branch week/1 https://github.com/someone/theirs",
        requirement="git+https://github.com/someone/theirs@week/1",
        colab="https://colab.research.google.com/github/someone/theirs/blob/week%2F1/",
        binder="https://mybinder.org/v2/gh/someone/theirs/week%2F1?urlpath=lab/tree/",
    )
    assert links.pointed(text, TARGET, known={"us/course"}, root=tmp_path) == result
    assert links.pointed(result, TARGET, known={"us/course"}, root=tmp_path) == result


@pytest.mark.parametrize(
    "text",
    [
        "[bubblewrap](https://github.com/containers/bubblewrap)",
        "git clone https://github.com/us/course-data\ncd course-data\n",
        "git clone https://github.com/others/course\n",
        "%pip install git+https://github.com/others/package@main",
        "https://github.com/us/course/issues/3",
        "https://colab.research.google.com/github/others/book/blob/main/chapter.ipynb",
        "https://colab.research.google.com/notebooks/intro.ipynb",
        "https://mybinder.org/v2/gh/others/book/main?urlpath=lab/tree/chapter.ipynb",
    ],
)
def test_links_to_other_peoples_repositories_stay(tmp_path: Path, text: str) -> None:
    assert links.pointed(text, TARGET, known={"us/course"}, root=tmp_path) == text


@pytest.mark.parametrize(
    "hub", ["https://hub.example.org", "https://hub.example.org/", "http://127.0.0.1:8000/a%20class/"]
)
def test_the_link_for_a_hub_names_repository_branch_and_notebook(hub: str) -> None:
    parts = urlsplit(TARGET.hub(hub, "notebooks/00_start_here.ipynb"))
    assert parts.geturl().startswith(f"{hub.rstrip('/')}/hub/user-redirect/git-pull?")
    assert parse_qs(parts.query) == {
        "repo": ["https://github.com/someone/theirs"],
        "branch": ["week/1"],
        "urlpath": ["lab/tree/theirs/notebooks/00_start_here.ipynb"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "hub.example.org",
        "ftp://hub.example.org",
        "https://",
        "https://[hub",
        "https://hub.example.org/hub/home",
        "https://hub.example.org/hub",
        "https://hub.example.org/user/anna/lab",
        "https://hub.example.org?next=x",
        "https://hub.example.org a",
        "https://anna:secret@hub.example.org",
        'https://hub.example.org/"><script>',
        "https://hub.example.org:99999",
    ],
)
def test_what_is_no_address_of_a_hub_gets_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address of a JupyterHub: write what stands before /hub/"):
        TARGET.hub(text, "notebooks/00_start_here.ipynb")


def test_the_links_for_a_hub_are_printed_and_nothing_changes(capsys: pytest.CaptureFixture[str]) -> None:
    before = links.changes(COURSE)
    hub = "https://hub.example.org"
    assert cli.main(["links", "someone/theirs", "--branch", "week/1", "--hub", hub]) == 0
    lines = dict(line.split("  ") for line in capsys.readouterr().out.splitlines())
    assert list(lines) == list(map(name, [*LESSONS, *EXERCISES])) and links.changes(COURSE) == before
    assert lines[name(LESSONS[0])] == TARGET.hub(hub, name(LESSONS[0]))
    assert cli.main(["links", "--hub", "hub.example.org"]) == 1
    assert "is no address of a JupyterHub" in capsys.readouterr().err
    assert cli.main(["links", "--hub", hub, "--site", "https://nst.example.org"]) == 1
    assert "a command of its own" in capsys.readouterr().err


def test_the_placeholder_says_that_it_is_one(fork: Path) -> None:
    nst(fork, "links", links.PLACEHOLDER, "--branch", "main")
    assert links.described(fork).startswith(
        f"https://github.com/{links.PLACEHOLDER}, branch main (a placeholder"
    )
    assert "`nst links OWNER/NAME`" in links.described(fork)
    nst(fork, "links", "someone/course", "--branch", "main")
    assert links.described(fork) == "https://github.com/someone/course, branch main"


def test_info_says_where_the_course_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("repository:")]
    assert row.endswith(links.described()) and COURSE.address in row


def test_the_package_alone_knows_its_repository_from_its_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "nstlib-0.1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    text = "Metadata-Version: 2.1\nName: nstlib\nVersion: 0.1.0\n"
    metadata.write_text(text + f"Project-URL: {TARGET.setting.replace(' = ', ', ').replace(chr(34), '')}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert links.described(tmp_path) == "https://github.com/someone/theirs, branch week/1"
    metadata.write_text(text)
    assert links.described(tmp_path).startswith("unknown: ")
