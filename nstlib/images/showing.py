"""Pictures in a notebook, with the alternative text that readers who do not see them need."""

from __future__ import annotations

import base64
import html
import io

from PIL import Image

from .saving import to_pil

WIDEST = 900  # CSS pixels of a picture in a notebook


def show(image: object, *, alt: str, title: str | None = None) -> None:
    """Show an image in a notebook, at most 900 CSS pixels wide.

    Args:
        image: An image, or an array that `check_image` takes.
        alt: What there is to see, for readers who do not see it; it is stored with the output.
        title: A line above the picture.

    Raises:
        ValueError: `alt` is empty.
    """
    picture = to_pil(image)
    show_picture(picture, alt=alt, width=min(picture.width, WIDEST), title=title)


def show_picture(
    picture: Image.Image, *, alt: str, width: int, title: str | None = None, letters: int = 0
) -> None:
    """Show a PIL picture in a notebook, `width` CSS pixels wide; `alt` and `title` as in `show`.

    letters is the height in pixels of the smallest letters in it: decks are tested for what is left of it.
    """
    mime, data = _light(picture)
    show_encoded(mime, data, alt=alt, width=width, title=title, letters=letters)


def show_encoded(
    mime: str, data: bytes, *, alt: str, width: int, title: str | None = None, letters: int = 0
) -> None:
    """Show the bytes of a picture file in a notebook; `mime` is its type, such as "image/png".

    It is stored as HTML, the only form in which JupyterLab gives alternative text to its readers.
    """
    from IPython.display import Markdown, display

    if not alt.strip():
        raise ValueError("A picture needs alt: one sentence that says what there is to see.")
    alternative = html.escape(alt, quote=True)
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    written = f' data-letters="{letters}"' if letters else ""
    tag = f'<img alt="{alternative}" width="{width}"{written} src="{source}">'
    if title:
        display(Markdown(f"**{title}**"))
    # A plain bundle of representations: IPython 7, which Colab has, knows no `Image(alt=...)`.
    display({"text/html": tag, "text/plain": f"[Picture: {alt}]"}, raw=True)


def show_film(mime: str, data: bytes, *, alt: str, width: int) -> None:
    """Show the bytes of a film in a notebook; it plays over and over, without sound. As `show_encoded`."""
    from IPython.display import display

    label = html.escape(alt, quote=True)
    source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    playing = "controls autoplay loop muted playsinline"
    tag = f'<video {playing} aria-label="{label}" width="{width}" src="{source}"></video>'
    display({"text/html": tag, "text/plain": f"[Film: {alt}]"}, raw=True)


def _light(picture: Image.Image) -> tuple[str, bytes]:
    """MIME type and bytes as PNG, or as JPEG where that is much smaller: as it is for photographs."""
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, format="PNG", optimize=True)
    if picture.mode == "P":  # a drawing in few colours, which JPEG would blur
        return "image/png", png.getvalue()
    picture.save(jpeg, format="JPEG", quality=80, optimize=True)
    if len(jpeg.getvalue()) < 0.6 * len(png.getvalue()):
        return "image/jpeg", jpeg.getvalue()
    return "image/png", png.getvalue()
