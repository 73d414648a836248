"""Makes docs/settings.md and .env.example of the settings as they are declared."""

import argparse
import sys
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from infra.settings.settings import PREFIX, Settings
from infra.settings.values import as_text

_COMPOSED = (
    "POSTGRES",
    "API_DATABASE",
    "WORKER_DATABASE",
    "NATS",
    "REDIS",
    "OPENSEARCH",
)


def _sections() -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    for section in Settings.__bases__:
        if issubclass(section, BaseModel) and section is not BaseSettings:
            yield (section.__doc__ or "").strip(), section.model_fields


def _table() -> str:
    lines = [
        "# Settings",
        "",
        "All of them come from the environment. Made by `python -m infra.settings --table`;",
        "`make check` refuses a table that is not up to date.",
    ]
    for title, fields in _sections():
        lines += ["", f"## {title}", "", "| setting | default | what it does |", "|---|---|---|"]
        for name, field in fields.items():
            default = as_text(field.default)
            shown = f"`{default}`" if default else ""
            lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def _example() -> str:
    lines = [
        "# Every setting with its default. Made by `python -m infra.settings --env`.",
    ]
    for title, fields in _sections():
        lines += ["", f"# {title}"]
        for name, field in fields.items():
            if name not in ("listen_fd", "metrics_dir"):
                lines.append(f"#{PREFIX}{name.upper()}={as_text(field.default)}")
    lines += [
        "",
        "# docker-compose.yml alone: passwords of its parts, of letters and digits",
        "# (the master key: 32 random bytes in base64)",
        f"{PREFIX}MASTER_KEY=",
        *(f"{part}_PASSWORD=" for part in _COMPOSED),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--table", action="store_true", help="docs/settings.md")
    which.add_argument("--env", action="store_true", help=".env.example")
    sys.stdout.write(_table() if parser.parse_args().table else _example())


if __name__ == "__main__":
    main()
