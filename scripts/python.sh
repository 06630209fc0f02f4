#!/bin/sh
# Run a Python script with Python 3.12 or 3.13, wherever that is: sh scripts/python.sh SCRIPT [ARGUMENT...]
# PYTHON=/path/to/python3.13 chooses one. pyenv leaves commands named python3.12 that fail until they are
# selected, so a candidate is believed only after it has run.

stop() {
    echo "make: $1" >&2
    exit 1
}

right_version() {
    "$1" -c 'import sys; raise SystemExit(not (3, 12) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

makes_venvs() {
    "$1" -c 'import ensurepip, ssl, venv' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    right_version "$PYTHON" || stop "PYTHON=$PYTHON is not Python 3.12 or 3.13; point it to one, or unset it to have one found."
    exec "$PYTHON" "$@"
fi

lacking=
for candidate in \
    .venv/bin/python python3.12 python3.13 python3 python \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.12.*/bin/python \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.13.*/bin/python \
    "${HOME:-}"/.pyenv/versions/3.1[23].*/bin/python \
    "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/uv/python}"/cpython-3.1[23].*/bin/python3 \
    /usr/local/bin/python3.1[23] /usr/bin/python3.1[23] /opt/homebrew/bin/python3.1[23]
do
    right_version "$candidate" || continue
    makes_venvs "$candidate" && exec "$candidate" "$@"
    lacking=$candidate
done

[ -z "$lacking" ] || stop "$lacking cannot make virtual environments; on Debian or Ubuntu run: sudo apt-get install python3-venv"
stop "Python 3.12 or 3.13 was not found; install one (pyenv install 3.12, or uv python install 3.12) or set PYTHON=/path/to/python3.12"
