"""The course's own pictures: what takes minutes was painted beforehand and is looked up by its arguments.

    paint = nst.precomputed(nst.transfer_style)
    paint("cat", "gold", size=256, content_weight=0.5)  # stored, if a lesson paints exactly this

They lie in data/experiments/. `index.json` there says of each by which call it was made, and
`tools/paint_experiments.py` runs the lessons and writes both.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import cache, wraps
from pathlib import Path
from typing import Any

import numpy as np

from . import images, samples
from .foundation import whole_file
from .networks import FeatureNetwork, load_network
from .networks.plans import PLANS, weights_path
from .networks.weights import checksum
from .recipes.options import RunOptions

INDEX = "index.json"
SILENT = {"progress"}  # arguments that change no picture
NETWORK = "pocket_vgg"  # of recipes that pass their keywords on
USUAL = {"weights": "pretrained", "dtype": "float32", "pooling": "average"}  # of a network by its name
GRID = 8  # patches of a picture each way, by which it is known again
QUALITY = 90  # of the JPEGs
SAME = 0.002  # how far what is known of a patch may lie apart: decoders of JPEG differ by less


@dataclass(frozen=True)
class Call:
    """A call and what it painted.

    Attributes:
        recipe: name of the function.
        arguments: what was chosen, as JSON knows it; a picture that was given as an array by its shape and
            what is known of its patches.
        stamp: of all that was not chosen (see `stamp_of`).
        files: the pictures' names in the folder.
        many: whether the function gives several.
    """

    recipe: str
    arguments: dict[str, Any]
    stamp: str
    files: tuple[str, ...] = ()
    many: bool = False

    def is_of(self, other: Call) -> bool:
        """Whether both paint the same."""
        same = (self.recipe, self.stamp) == (other.recipe, other.stamp)
        return same and alike(self.arguments, other.arguments)


@dataclass
class Recording:
    """What `recording` collects.

    Attributes:
        anew: whether stored pictures are painted again.
        made: every call with its pictures, each (1, H, W, 3), in the order of the calls.
    """

    anew: bool
    made: list[tuple[Call, list[np.ndarray]]]


_recordings: list[Recording] = []


def precomputed(recipe: Callable[..., Any]) -> Callable[..., Any]:
    """A recipe that looks first among the pictures that come with the course.

    Args:
        recipe: of `nstlib`, such as `transfer_style`, `reconstruct_style` or `transfer_between`.

    Returns:
        A function of the same arguments that returns the picture, (1, H, W, 3), or a list of pictures where
        the recipe gives several results. If it was painted beforehand with these arguments, it is read from
        its JPEG; with any others the recipe runs, and a printed line says so.
    """

    @wraps(recipe)
    def look_up(*arguments: Any, **keywords: Any) -> Any:
        call = call_of(recipe, arguments, keywords)
        recording = _recordings[-1] if _recordings else None
        if recording is not None and call is None:
            raise ValueError(f"{recipe.__name__} got an argument that cannot be stored.")
        there = None if call is None or (recording and recording.anew) else find(call)
        pictures = None if there is None else read(there)
        if there is not None and pictures is not None:
            call, many = there, there.many
        else:
            if recording is None:
                print(f"{recipe.__name__}: not among the course's stored pictures, so it runs now.")
            made = recipe(*arguments, **keywords)
            many = not hasattr(made, "image")  # several results, or an iterator of them
            results = list(made) if many else [made]
            if recording is not None and any(result.history.cut_short for result in results):
                raise RuntimeError(f"{recipe.__name__} ended before its time, so nothing is stored.")
            pictures = [result.image for result in results]
        if recording is not None and call is not None:
            recording.made.append((replace(call, many=many), pictures))
        return pictures if many else pictures[0]

    return look_up


def folder() -> Path:
    """Where the pictures and their index are."""
    return samples.data_folder() / "experiments"


@cache
def index() -> tuple[Call, ...]:
    """All calls whose pictures are stored; none where there is no index, or one that cannot be read."""
    try:
        rows = json.loads((folder() / INDEX).read_text(encoding="utf-8"))
        return tuple(Call(**row | {"files": tuple(row["files"])}) for row in rows)
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def read(call: Call) -> list[np.ndarray] | None:
    """The pictures of a stored call, each (1, H, W, 3); None when one is not there or damaged."""
    try:
        return [images.load_image(folder() / name) for name in call.files]
    except (OSError, ValueError):
        return None


def find(call: Call) -> Call | None:
    """The stored call that paints the same."""
    return next((each for each in index() if each.is_of(call)), None)


def call_of(recipe: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Call | None:
    """A call in the form of the index; None when an argument has no such form.

    Raises:
        TypeError: the recipe takes no such arguments.
    """
    signature = inspect.signature(recipe)
    bound = signature.bind(*arguments, **keywords).arguments
    chosen: dict[str, Any] = {}
    for name, value in bound.items():
        more = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        chosen |= value if more else {name: value}
    usual = defaults_of(recipe)
    try:
        found = {name: plain(value) for name, value in chosen.items() if name not in SILENT}
    except TypeError:
        return None
    unusual = {
        name: value for name, value in found.items() if not (name in usual and alike(value, usual[name]))
    }
    return Call(recipe.__name__, unusual, stamp_of(recipe))


def defaults_of(recipe: Callable[..., Any]) -> dict[str, Any]:
    """What a recipe and its run take for what is not chosen, in plain form."""
    run = {each.name: each.default for each in fields(RunOptions)}
    own = {name: each.default for name, each in inspect.signature(recipe).parameters.items()}
    found = {}
    for name, value in ({"network": NETWORK} | run | own).items():
        if value is not inspect.Parameter.empty and value is not MISSING:
            found[name] = plain(value)
    return found


def stamp_of(recipe: Callable[..., Any]) -> str:
    """Eight letters that change with the defaults of a recipe and with the weights of the usual network."""
    known = {"defaults": defaults_of(recipe), "plan": str(PLANS[NETWORK]), "weights": weights_digest()}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:8]


@cache
def weights_digest() -> str:
    """SHA-256 of the file with the usual network's weights."""
    return hashlib.sha256(weights_path(PLANS[NETWORK]).read_bytes()).hexdigest()


def plain(value: Any) -> Any:
    """An argument as JSON knows it.

    Raises:
        TypeError: it has no such form: a function, a network that was changed, a file of somebody's own.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if Path(value).is_file():  # it is read in place of a sample of that name
            raise TypeError(f"{value} is a file.")
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if len(getattr(value, "shape", ())) >= 2:
        return looks_of(np.asarray(value))
    if isinstance(value, Sequence) or np.ndim(value) == 1:
        return [plain(each) for each in value]
    if isinstance(value, FeatureNetwork):
        return plain_network(value)
    return float(value)


def plain_network(network: FeatureNetwork) -> Any:
    """A network by its name, or by the keywords that load it.

    Raises:
        TypeError: it was made otherwise, or changed since.
    """
    made_with: dict[str, Any] = dict(network.made_with or {})
    if not made_with or checksum(load_network(**made_with).model) != checksum(network.model):
        raise TypeError(f"{network.name} was changed.")
    chosen = {key: value for key, value in made_with.items() if USUAL.get(key) != value}
    return chosen["name"] if chosen.keys() == {"name"} else plain(chosen)


def looks_of(picture: np.ndarray) -> dict[str, Any]:
    """The shape of a picture or mask, and what is known of each patch in a grid.

    That is its mean, and its mean step to the next pixel, which tells a picture from one that is blurred,
    grainy or shuffled.
    """
    pixels = picture[0] if picture.ndim == 4 else picture
    pixels = pixels.reshape(*pixels.shape[:2], -1).astype("float64")
    strips = np.array_split(pixels, min(GRID, len(pixels)))
    patches = [patch for strip in strips for patch in np.array_split(strip, min(GRID, strip.shape[1]), 1)]
    steps = [
        [np.abs(np.diff(patch, axis=way)).mean() if patch.shape[way] > 1 else 0.0 for way in (0, 1)]
        for patch in patches
    ]
    means = [patch.mean((0, 1)) for patch in patches]
    known = {"means": means, "steps": steps}
    rounded = {name: np.round(np.ravel(values), 4).tolist() for name, values in known.items()}
    return {"shape": list(picture.shape), **rounded}


def alike(a: Any, b: Any) -> bool:
    """Whether two arguments in their plain form are the same, pictures but for what decoders differ in."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() == b.keys() == {"shape", "means", "steps"}:
            known = ("means", "steps") if a["shape"] == b["shape"] else ()
            return bool(known) and all(np.allclose(a[k], b[k], rtol=0, atol=SAME) for k in known)
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if type(a) in (int, float) and type(b) in (int, float):
        return math.isclose(a, b, rel_tol=1e-6)
    return type(a) is type(b) and bool(a == b)


@contextmanager
def recording(anew: bool = False) -> Iterator[Recording]:
    """Collect what functions made by `precomputed` paint or look up meanwhile.

    Args:
        anew: paint what is stored, too.
    """
    _recordings.append(Recording(anew, []))
    try:
        yield _recordings[-1]
    finally:
        _recordings.pop()


def store(made: Recording, name: str) -> tuple[Call, ...]:
    """Write the pictures of a recording as NAME_01.jpg and so on, and put their calls into the index.

    What was looked up keeps its bytes. Pictures and calls of an earlier recording by that name go.

    Args:
        made: what `recording` gave.
        name: what their files begin with.

    Returns:
        The calls, each once.
    """
    calls: list[Call] = []
    files: dict[str, bytes] = {}
    for call, painted in made.made:
        if any(call.is_of(other) for other in calls):
            continue
        named = tuple(f"{name}_{len(files) + k:02d}.jpg" for k in range(1, len(painted) + 1))
        kept = [(folder() / file).read_bytes() for file in call.files]
        files |= zip(named, kept or map(as_jpeg, painted), strict=True)
        calls.append(replace(call, files=named))
    others = [call for call in index() if not all(file.startswith(f"{name}_") for file in call.files)]
    folder().mkdir(exist_ok=True)
    write_index(others)  # so that no call ever leads to another's pictures
    for old in folder().glob(f"{name}_*.jpg"):
        if old.name not in files:
            old.unlink()
    for file, encoded in files.items():
        with whole_file(folder() / file) as temporary:
            temporary.write_bytes(encoded)
    write_index([*others, *calls])
    return tuple(calls)


def write_index(calls: Sequence[Call]) -> None:
    """Write the index, a line for each call."""
    rows = sorted((asdict(call) for call in calls), key=lambda row: row["files"])
    with whole_file(folder() / INDEX) as temporary:
        temporary.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
    index.cache_clear()


def as_jpeg(picture: np.ndarray) -> bytes:
    """A picture (1, H, W, 3) as the bytes of a JPEG with all its colours."""
    encoded = io.BytesIO()
    images.to_pil(picture).save(encoded, "JPEG", quality=QUALITY, subsampling=0)
    return encoded.getvalue()
