#!/usr/bin/env bash
# The course on The Littlest JupyterHub: its packages for everybody, limits, settings. Again after every `git pull`.
#
#     sudo bash /opt/nst-course/deploy/jupyterhub/tljh.sh
#
# MEMORY and CPU, such as MEMORY=4G, set what each student may use; README.md says what a server of 32 GB holds.
# Not verified: The Littlest JupyterHub wants a machine of its own; tests/test_hub.py runs this with stand-ins.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
course=$(cd "$here/../.." && pwd)
user=${TLJH_USER:-/opt/tljh/user} # the environment that students' servers and kernels run in
refuse() { echo "$*" >&2 && exit 1; }

[ -x "$user/bin/python" ] || refuse "There is no Littlest JupyterHub in $user: install it first, README.md says how."
"$user/bin/python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    refuse "The students' Python in $user is too old or too new for the course: The Littlest JupyterHub 2 brings 3.12."
[ ! -e "$course/solutions" ] ||
    refuse "$course holds solutions/, and students could read them here: put the public tree there (README.md)."

"$user/bin/python" -m pip install --disable-pip-version-check -c "$course/constraints.txt" "$course[lab,video]"
install -D -m 644 "$here/jupyter_server_config.d/course.json" "$user/etc/jupyter/jupyter_server_config.d/course.json"
install -D -m 644 "$here/overrides.json" "$user/share/jupyter/lab/settings/overrides.json"

tljh-config set limits.memory "${MEMORY:-3G}"
tljh-config set limits.cpu "${CPU:-2}"
tljh-config set user_environment.default_app jupyterlab
tljh-config set services.cull.timeout 3600 # seconds; ten minutes, the default, is less than a lesson is read in
tljh-config reload
