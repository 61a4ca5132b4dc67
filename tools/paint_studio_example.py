"""Paint the example that the Studio shows when it is opened: what its usual choices make.

    python tools/paint_studio_example.py

The comment in the file says with what it was made; a test compares it with what the page chooses today.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nstlib as nst
from nstlib import images
from nstlib.foundation import whole_file
from nstlib.studio import display
from nstlib.studio.page import USUAL_PHOTO, USUAL_STYLE
from nstlib.studio.settings import Settings

EXAMPLE = Path(nst.__file__).parent / "studio" / display.EXAMPLE


def main() -> int:
    """Paint it, and write the file."""
    begin = nst.paint_once(USUAL_PHOTO, USUAL_STYLE, **Settings().one_pass())
    result = nst.transfer_style(USUAL_PHOTO, USUAL_STYLE, **Settings().keywords(), start=begin)
    made = json.dumps({"photo": USUAL_PHOTO, "style": USUAL_STYLE} | Settings().to_text())
    with whole_file(EXAMPLE) as partial:
        picture = images.to_pil(result.image)
        picture.save(partial, format="JPEG", quality=95, subsampling=0, optimize=True, comment=made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
