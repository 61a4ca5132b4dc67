"""Names of pictures -> files: photographs, styles painted for the course, and verified downloads.

Three kinds, `names(kind)`:

- `"photo"`: photographs that travel inside a package (scikit-image, Matplotlib, and scikit-learn where it is
  installed), so that they work offline. Portraits, buildings, landscapes and animals come first, textures and
  the microscope last.
- `"style"`: the course's own style pictures, `data/styles/*.jpg`, which work offline too.
- `"painting"`: paintings of Gatys' papers, and the two photographs (`tubingen`, `golden_gate`) often shown
  with them. Each is downloaded on first use, checked by its SHA-256 and kept; no network is used after that.

Beside these pictures there are two short films, `films()`.

Two environment variables change where downloads come from and go to: `NSTLIB_DOWNLOADS` (a web address that
serves the same files, such as a class-room server; SHA-256 is still checked) and `NSTLIB_CACHE` (the folder
that keeps them).

Not verified: the course was written without access to the default address; only a loopback server was tried.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .foundation import home_folder, spare_home, unknown_name

if TYPE_CHECKING:  # imported where needed only: `nst --help` has to be quick
    import requests

KINDS = ("photo", "style", "painting")

# Justin Johnson's neural-style holds the pictures of the papers; the commit pins their bytes.
DOWNLOADS = (
    "https://raw.githubusercontent.com/jcjohnson/neural-style/"
    "07c4b8299f8fbdafec0c514fc820ff1d7ff62e46/examples/inputs"
)
TIMEOUT = 30  # seconds without a byte from a server
MOST_BYTES = 100_000_000  # of a picture given by its web address


@dataclass(frozen=True)
class Photo:
    """A photograph that a package brings: its file, whose it is, and where it lies.

    Attributes:
        file: name of the file.
        credits, licence: who made it, and the terms.
        package: what Python imports; `PACKAGES` says where its pictures are.
    """

    file: str
    credits: str
    licence: str
    package: str = "skimage"


@dataclass(frozen=True)
class Painting:
    """A picture to download: its file name at the server, the SHA-256 of its bytes, and whose it is."""

    file: str
    sha256: str
    credits: str
    licence: str


# What Python imports -> (what pip installs, folder of the pictures inside).
PACKAGES = {
    "skimage": ("scikit-image", "data"),
    "matplotlib": ("matplotlib", "mpl-data/sample_data"),
    "sklearn": ("scikit-learn", "datasets/images"),
}

# In the order of every list: what a style shows best on comes first, what is a texture already comes last.
# Credits as the packages' own documentation states them.
PHOTOS = {
    "astronaut": Photo("astronaut.png", "Eileen Collins; NASA Great Images", "public domain"),
    "grace_hopper": Photo(
        "grace_hopper.jpg", "Grace Hopper; James S. Davis, US Navy, 1984", "public domain", "matplotlib"
    ),
    "china": Photo("china.jpg", "Summer Palace in Beijing; danielbuechele (Flickr)", "CC BY 2.0", "sklearn"),
    "rocket": Photo("rocket.jpg", "Launch of DSCOVR on a Falcon 9; SpaceX", "public domain"),
    "cat": Photo("chelsea.png", "Chelsea the cat; Stefan van der Walt", "CC0"),
    "flower": Photo("flower.jpg", "Flower; vultilion (Flickr)", "CC BY 2.0", "sklearn"),
    "coffee": Photo("coffee.png", "Cup at Pikolo Espresso Bar; Rachel Michetti", "CC0"),
    "camera": Photo("camera.png", "Photographer with a camera, grey; Lav Varshney", "CC0"),
    "hubble": Photo("hubble_deep_field.jpg", "Hubble eXtreme Deep Field; NASA", "public domain"),
    "coins": Photo("coins.png", "Greek coins from Pompeii, grey; Brooklyn Museum", "no known restrictions"),
    "brick": Photo("brick.png", "Brick wall, grey; CC0Textures, Bricks25", "CC0"),
    "grass": Photo("grass.png", "Grass, grey; linolafett (DeviantArt)", "CC0"),
    "gravel": Photo("gravel.png", "Gravel, grey; CC0Textures, Gravel04", "CC0"),
    "retina": Photo("retina.jpg", "Fundus of a left eye; Mikael Häggström", "CC0"),
    "tissue": Photo("ihc.png", "Stained colonic glands; CMMI", "no known restrictions"),
}

PAINTINGS = {
    "golden_gate": Painting(
        "golden_gate.jpg",
        "f8476ac216e0d409af2e52bf82ad2cdc3433e23d7895e6f9b2048fc014ed57ba",
        "Photograph of the Golden Gate Bridge, from the examples of neural-style",
        "not stated at the source",
    ),
    "seated_nude": Painting(
        "seated-nude.jpg",
        "f398757cfb5346842c3bc309ca65d03381b38b1f5f8d7c60abe68a804a405cf1",
        "Pablo Picasso, Seated Nude, 1910",
        "protected until the end of 2043 where copyright lasts 70 years after death",
    ),
    "shipwreck": Painting(
        "shipwreck.jpg",
        "4f7cf34e3cd4a5daaf3f421f059ca9a01aaa2a3afd7243d6670c9c8bc001a213",
        "J. M. W. Turner, The Shipwreck, 1805",
        "public domain",
    ),
    "starry_night": Painting(
        "starry_night.jpg",
        "0592ab0f7b51b3ce72608a95e53880bd93971e5b48f93a0ce8dfd3cbccf3d098",
        "Vincent van Gogh, The Starry Night, 1889",
        "public domain",
    ),
    "the_scream": Painting(
        "the_scream.jpg",
        "f3075cddeb974a9ee1d6418f7f33fd05185a7ac7dcb4288bd2805d499a9dcaee",
        "Edvard Munch, The Scream, 1893",
        "public domain",
    ),
    "tubingen": Painting(
        "tubingen.jpg",
        "e67d1869f01fd805385c681a80d9ebcf0f70ea4a5fe6127f0606bb1c7f4bf506",
        "Neckarfront in Tübingen, photograph by Andreas Praefcke, Wikimedia Commons",
        "see File:Tuebingen_Neckarfront.jpg at Wikimedia Commons",
    ),
    "woman_with_hat": Painting(
        "woman-with-hat-matisse.jpg",
        "6a8b2383d9c110354a97a42c74bdcc5341be879cbb842ddb7ab5843dbdf56d53",
        "Henri Matisse, Woman with a Hat, 1905",
        "public domain where copyright lasts 70 years after death",
    ),
}

# In `data/films`, made by tools/paint_films.py: name -> whose it is, and the terms.
FILMS = {
    "shapes": ("Drawn by the course's own script, tools/paint_films.py", "CC BY 4.0"),
    "walk": ("Made of the photograph `china`, by danielbuechele (Flickr)", "CC BY 2.0"),
}


def data_folder() -> Path:
    """Return the course's `data` folder: beside this module once installed, at the top of a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "data"
    return installed if installed.is_dir() else here.parent / "data"


def cache_folder() -> Path:
    """Return the folder that keeps downloads: `NSTLIB_CACHE`, or this system's usual place for caches."""
    chosen = os.environ.get("NSTLIB_CACHE")
    if chosen:
        return Path(os.path.expanduser(chosen)).resolve()
    import pooch

    if home_folder() is None:  # as of a service in a container
        return spare_home() / "paintings"
    return Path(pooch.os_cache("nstlib"))


def names(kind: str | None = None) -> list[str]:
    """List the samples, of one kind (`"photo"`, `"style"`, `"painting"`) or all of them in that order.

    Photographs are in the order of `PHOTOS`, without those whose package is not installed; the others are in
    the order of the alphabet.

    Raises:
        ValueError: Another kind.
    """
    here = [name for name in PHOTOS if _photo_file(name) is not None]
    by_kind = {"photo": here, "style": sorted(_styles()), "painting": sorted(PAINTINGS)}
    if kind is None:
        return [name for each in KINDS for name in by_kind[each]]
    if kind not in by_kind:
        raise unknown_name("kind of sample", kind, KINDS)
    return by_kind[kind]


def is_name(text: str) -> bool:
    """Whether a text names a sample, be it installed, downloaded or not: `path` then says what is missing."""
    return text in PHOTOS or text in PAINTINGS or text in _styles()


def path(name: str, *, downloads: str | None = None) -> Path:
    """Return the file of a sample; a painting is downloaded first when it is not in the cache yet.

    Args:
        name: One of `names()`.
        downloads: Web address of the folder with the paintings, instead of `NSTLIB_DOWNLOADS` or the default.

    Raises:
        ValueError: No such sample, or the downloaded bytes are not the expected ones (nothing is kept then).
        ConnectionError: The download failed; the message says where to put the file by hand.
        FileNotFoundError: The package of a photograph, or the photograph in it, is not installed.
    """
    if name in PHOTOS:
        return _photo(name)
    if name in PAINTINGS:
        return _download(PAINTINGS[name], downloads)
    styles = _styles()
    if name in styles:
        return styles[name]
    raise unknown_name("sample", name, names())


def films() -> dict[str, Path]:
    """Find the sample films on disk: name -> file. They are opened by `video.open_film`."""
    return {file.stem: file for file in sorted((data_folder() / "films").glob("[!.]*.*"))}


def credits(name: str) -> str:
    """Return who made a sample and its licence, as one line for a caption."""
    described = {row["name"]: row for row in table()}
    if name in PHOTOS:  # those that are not installed too
        return f"{PHOTOS[name].credits} ({PHOTOS[name].licence})"
    if name in FILMS:
        return "{} ({})".format(*FILMS[name])
    if name not in described:
        raise unknown_name("sample", name, described)
    return f"{described[name]['credits']} ({described[name]['licence']})"


def table() -> list[dict[str, str]]:
    """List all samples as rows with the keys name, kind, credits, licence, where; nothing is downloaded."""
    rows: list[tuple[str, ...]] = []
    for name in names("photo"):
        photo = PHOTOS[name]
        rows.append(
            (name, "photo", photo.credits, photo.licence, f"{PACKAGES[photo.package][0]}, {photo.file}")
        )
    for name in names("style"):
        painted_by = "Painted by the course's own script, tools/paint_styles.py"
        rows.append((name, "style", painted_by, "CC BY 4.0", f"data/styles/{name}.jpg"))
    for name in names("painting"):
        painting = PAINTINGS[name]
        rows.append((name, "painting", painting.credits, painting.licence, f"download, {painting.file}"))
    return [dict(zip(("name", "kind", "credits", "licence", "where"), row, strict=True)) for row in rows]


def fetch(url: str, *, timeout: float = TIMEOUT, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the whole content of a web address (http or https); nothing is stored.

    Args:
        url: The address.
        timeout: Seconds without a byte from the server after which to give up.
        most_bytes: Refuse anything longer.

    Raises:
        ConnectionError: No whole answer; one sentence with the address and the reason.
        ValueError: The answer is longer than `most_bytes`.
    """
    import requests

    content = bytearray()
    try:
        with requests.get(url, stream=True, timeout=timeout, headers={"User-Agent": "nstlib"}) as answer:
            answer.raise_for_status()
            for piece in answer.iter_content(65536):
                content += piece
                if len(content) > most_bytes:
                    raise ValueError(f"{url} holds more than {most_bytes / 1e6:g} MB; give a smaller file.")
    except requests.RequestException as error:
        raise ConnectionError(f"Cannot fetch {url}: {_reason(error)}.") from None
    return bytes(content)


def _styles() -> dict[str, Path]:
    """Find the style pictures on disk."""
    return {file.stem: file for file in sorted((data_folder() / "styles").glob("*.jpg"))}


def _photo_file(name: str) -> Path | None:
    """Return the file of a photograph, None where it is not here.

    The package is found and not imported, which would take a second.
    """
    photo = PHOTOS[name]
    package = importlib.util.find_spec(photo.package)
    if package is None or not package.submodule_search_locations:
        return None
    file = Path(package.submodule_search_locations[0], PACKAGES[photo.package][1], photo.file)
    return file if file.is_file() else None


def _photo(name: str) -> Path:
    """Find a photograph, or say in one sentence what to install."""
    file = _photo_file(name)
    if file is None:
        project = PACKAGES[PHOTOS[name].package][0]
        if importlib.util.find_spec(PHOTOS[name].package) is None:
            raise FileNotFoundError(f"Sample {name!r} is part of {project}; install that package first.")
        raise FileNotFoundError(
            f"Sample {name!r} is missing in this {project}: it has no file {PHOTOS[name].file}; install "
            f"another version of that package, or take another sample."
        )
    return file


def _download(painting: Painting, downloads: str | None) -> Path:
    """Return a painting from the cache, or download it into the cache first.

    pooch writes to a temporary file and renames it once the SHA-256 is right, so that the cache never holds
    half a file.
    """
    import pooch
    import requests

    url = f"{(downloads or os.environ.get('NSTLIB_DOWNLOADS') or DOWNLOADS).rstrip('/')}/{painting.file}"
    file = cache_folder() / painting.file
    loader = pooch.HTTPDownloader(timeout=TIMEOUT)
    by_hand = f"put the file by hand at {file}, or take a photo or style of the course, which need no network"
    try:
        found = pooch.retrieve(url, f"sha256:{painting.sha256}", file.name, file.parent, downloader=loader)
    except requests.RequestException as error:
        replaced = "the file in the cache is not the expected one, and " if file.is_file() else ""
        raise ConnectionError(f"Cannot download {url}: {replaced}{_reason(error)}; {by_hand}.") from None
    except ValueError:  # what pooch raises for a wrong hash
        wrong = f"What {url} sent is not the expected {painting.file} (its SHA-256 differs) and was not kept"
        raise ValueError(f"{wrong}; {by_hand}.") from None
    except OSError as error:
        advice = "name another folder in the environment variable NSTLIB_CACHE"
        raise OSError(f"Cannot store {file}: {error.strerror or error}; {advice}.") from None
    return Path(found)


def _reason(error: requests.RequestException) -> str:
    """Say in a few words why a transfer failed; the text of `error` itself speaks of pools and retries."""
    import requests

    reasons: list[tuple[type[Exception], str]] = [
        (requests.exceptions.Timeout, "the server does not answer in time"),
        (requests.exceptions.ChunkedEncodingError, "the transfer broke off"),
        (requests.exceptions.SSLError, "the server's certificate was refused"),
        (requests.exceptions.ProxyError, "the proxy does not answer"),
        (requests.exceptions.ConnectionError, "there is no connection to the server"),
        (requests.exceptions.TooManyRedirects, "the server redirects in circles"),
    ]
    if error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    return next((text for kind, text in reasons if isinstance(error, kind)), str(error))
