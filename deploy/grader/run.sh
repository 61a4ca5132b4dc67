#!/usr/bin/env bash
# `nst grade` in the image, with the rights that bubblewrap needs and no others (README.md says why each).
#
#     bash deploy/grader/run.sh SUBMISSIONS GRADING [options of nst grade]
#
# SUBMISSIONS is a folder or a ZIP, GRADING the folder of grades. Give other files, such as a roster, by a path
# inside the container: what lies in GRADING is in /grading. IMAGE names the image, by default nst-grader.
set -euo pipefail
[ $# -ge 2 ] || { echo "Usage: bash deploy/grader/run.sh SUBMISSIONS GRADING [options of nst grade]" >&2; exit 2; }
[ -e "$1" ] || { echo "There is no $1." >&2; exit 2; }
submissions=$(realpath "$1")
mkdir -p "$2"
grading=$(realpath "$2")
inside=/submissions/$(basename "$submissions")
exec docker run --rm --init --network none --user "$(id -u):$(id -g)" \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --volume "$submissions:$inside:ro" --volume "$grading:/grading" \
    "${IMAGE:-nst-grader}" grade "$inside" -o /grading "${@:3}"
