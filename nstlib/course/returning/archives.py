"""ZIP archives to upload."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from ...foundation import whole_file

EPOCH = (1980, 1, 1, 0, 0, 0)  # the same contents make the same archive


def write_zip(files: Mapping[str, bytes], path: Path) -> None:
    """Write an archive, whole or not at all.

    Args:
        files: name in the archive -> content.
        path: of the archive.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
