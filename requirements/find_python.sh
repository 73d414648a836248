#!/bin/sh
# Prints a Python that can run the product: the one given, else the first fitting one on PATH.
# Explains itself in one line when there is none.

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

without_venv=
for candidate in ${1:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    fits "$candidate" || continue
    if makes_environments "$candidate"; then
        echo "$candidate"
        exit 0
    fi
    without_venv=${without_venv:-$candidate}
done

if [ -n "$without_venv" ]; then
    echo "taskledger: $without_venv has no venv module; install it (on Debian and Ubuntu:" \
        "apt-get install python3-venv) and try again." >&2
elif [ -n "$1" ]; then
    echo "taskledger: $1 is not a Python of version 3.11 or newer." >&2
else
    echo "taskledger: Python 3.11 or newer is needed, and PATH has" \
        "$(python3 --version 2>/dev/null || echo none); name one with make PYTHON=..." >&2
fi
exit 2
