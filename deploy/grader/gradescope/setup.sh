#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of the assignment.
# Not verified: Gradescope could not be tried where this was written.
set -euo pipefail
course=${AUTOGRADER:-/autograder}/source/course
venv=${NST_VENV:-/opt/nst}
apt-get update
apt-get install --yes --no-install-recommends bubblewrap python3 python3-venv
python=""
for name in python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null; then python=$name && break; fi
done
if [ -z "$python" ]; then
    echo "The course needs Python 3.11 to 3.13: choose Ubuntu 24.04 as the base image of the autograder." >&2
    exit 1
fi
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --no-cache-dir -c "$course/constraints.txt" -e "$course[grade]"
