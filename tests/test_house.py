"""Rules of the house that no linter knows."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HOUSE = Path(__file__).parent.parent
PACKAGES = ("domain", "commands", "projections", "infra", "api")
LET_INTO_THE_DOMAIN = {"domain", "fractional_indexing", "dateutil", "typeid"}
LET_INTO_THE_RECORD = {"cryptography", "msgspec", "rfc3161_client"}


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((HOUSE / package).rglob("*.py")):
        yield str(path.relative_to(HOUSE)), ast.parse(path.read_text())


def test_the_domain_imports_the_standard_library_and_three_packages() -> None:
    everywhere = LET_INTO_THE_DOMAIN | set(sys.stdlib_module_names)
    for name, module in modules("domain"):
        allowed = everywhere | (LET_INTO_THE_RECORD if "/record/" in name else set())
        for node in ast.walk(module):
            match node:
                case ast.Import():
                    imported = [alias.name for alias in node.names]
                case ast.ImportFrom(module=str(source)):
                    imported = [source]
                case _:
                    continue
            assert {full.split(".")[0] for full in imported} <= allowed, name


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        name
        for package in PACKAGES
        for name, module in modules(package)
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }
    # The fork server reads none of it: it gives each process that it makes an environment.
    assert readers == {"infra/settings/settings.py", "infra/fork_server.py"}


@pytest.mark.parametrize("file", ["runtime.txt", "managed.txt", "dev.txt"])
def test_requirements_are_locked_and_hashed_and_name_no_address(file: str) -> None:
    text = (HOUSE / "requirements" / file).read_text()
    assert not re.search(r"://|^\s*--?(index|extra|find|trusted|i)\b", text, re.MULTILINE)
    logical_lines = text.replace("\\\n", " ").splitlines()
    requirements = [line for line in logical_lines if line and not line.strip().startswith("#")]
    assert len(requirements) > 30
    for line in requirements:
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+ ", line), line
        assert "--hash=sha256:" in line, line


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((HOUSE / "docker-compose.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_compose_follows_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run(
        [*command, str(HOUSE / "docker-compose.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_compose_names_only_what_it_has(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], needed
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"], name
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"], name
        if name != "migrate":
            assert "healthcheck" in service, name
    assert {"postgres", "nats", "redis", "opensearch"} <= set(services)
    assert {"migrate", "api", "relay", "projector", "scheduler"} <= set(services)


def test_compose_has_no_password_of_its_own(compose: dict[str, Any]) -> None:
    text = (HOUSE / "docker-compose.yml").read_text()
    secrets = set(re.findall(r"\$\{(\w*(?:PASSWORD|KEY)\w*)(.*?)\}", text))
    assert {name for name, _ in secrets} >= {"POSTGRES_PASSWORD", "TASKLEDGER_MASTER_KEY"}
    assert all(rest.startswith(":?") for _, rest in secrets), secrets
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|_URL|AUTH", name):
                assert "${" in value, name
    example = (HOUSE / ".env.example").read_text()
    assert all(f"\n{name}=\n" in example for name, _ in secrets)


def test_docker_agrees_with_compose(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], check=False).returncode:
        pytest.skip("the docker compose command is not installed here")
    example = tmp_path / "all.env"
    example.write_text(re.sub(r"=\n", "=secret\n", (HOUSE / ".env.example").read_text()))
    subprocess.run(
        [docker, "compose", "--env-file", str(example), "config", "--quiet"], cwd=HOUSE, check=True
    )
