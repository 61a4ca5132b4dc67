#!/usr/bin/env bash
# Packs what Gradescope asks for as "autograder": the two scripts at the root of a ZIP, the course beside them.
#
#     bash deploy/grader/gradescope/pack.sh autograder.zip
#
# The ZIP holds the solutions: give it to Gradescope and to nobody else.
set -euo pipefail
[ $# -eq 1 ] || { echo "Usage: bash deploy/grader/gradescope/pack.sh autograder.zip" >&2; exit 2; }
target=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
[ -d solutions ] || { echo "There are no solutions/ here: the public tree cannot grade." >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/course"
cp deploy/grader/gradescope/setup.sh deploy/grader/gradescope/run_autograder "$folder"
cp -R pyproject.toml constraints.txt README.md LICENSE LICENSE-text nstlib data exercises solutions "$folder/course"
find "$folder" -name __pycache__ -prune -exec rm -rf {} +
rm -f "$target"
(cd "$folder" && "${NST_PYTHON:-python3}" -m zipfile -c "$target" setup.sh run_autograder course)
echo "$target: upload it under Configure Autograder."
