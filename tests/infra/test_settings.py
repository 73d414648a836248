"""Settings: what is wrong is refused by name, what is unset has its default."""

from pathlib import Path

import pytest

from infra.embedded.folder import DataFolder
from infra.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def only_these(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TASKLEDGER_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TASKLEDGER_PORT", "eighty", "TASKLEDGER_PORT is wrong"),
        ("TASKLEDGER_PORT", "65536", "TASKLEDGER_PORT is wrong"),
        ("TASKLEDGER_ROLES", "api,cook", "must be some of api, relay, projector"),
        ("TASKLEDGER_NATS_URL", "http://there", "must begin with nats://"),
        ("TASKLEDGER_PUBLIC_URL", "https://:443", "and name a host"),
        ("TASKLEDGER_PROT", "80", "did you mean TASKLEDGER_PORT?"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_password_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKLEDGER_DATABASE_URL", "postgresql://me:hunter2@there/db")
    settings = Settings.load()
    assert "hunter2" not in repr(settings)
    assert settings.owner_url() == settings.api_url() == "postgresql://me:hunter2@there/db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TASKLEDGER_DATABASE_URL", "postgresql://me:hunter2@there:port/db"),
        ("TASKLEDGER_DATABASE_URL", "postgresql://me:hunter2@[::1/db"),
        ("TASKLEDGER_DATABASE_URL", "postgresql://me:hunter2%zz@there/db"),
        ("TASKLEDGER_DATABASE_URL", "postgresql://me:hun@ter2@there/db"),
        ("TASKLEDGER_DATABASE_URL", "postgresql://me:hunter2@there/db?colour=red"),
        ("TASKLEDGER_NATS_URL", "nats://here:4222,nats://me:hunter2@there:port"),
        ("TASKLEDGER_REDIS_URL", "redis://me:hunter2@[::1"),
        ("TASKLEDGER_REDIS_URL", "redis://me:hunter2@there?colour=red"),
        ("TASKLEDGER_REDIS_URL", "redis://me:hunter2@there?protocol=9"),
        ("TASKLEDGER_OPENSEARCH_URL", "https://me:hun@ter2@there"),
        ("TASKLEDGER_SMTP_URL", "smtp://me:hun/ter2@there"),
        ("TASKLEDGER_EXPORTS_URL", "s3://"),
    ],
)
def test_an_address_that_nobody_can_read_is_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert str(refused.value).startswith(f"{name} is wrong: must be ")
    assert "ter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TASKLEDGER_DATABASE_URL", "postgresql:///db?host=/run/postgresql&port=5433"),
        ("TASKLEDGER_DATABASE_URL", "postgresql://me:p%40ss@one:5432,two:5433/db"),
        ("TASKLEDGER_NATS_URL", "nats://one:4222, tls://two"),
        ("TASKLEDGER_REDIS_URL", "rediss://:hunter,2@[::1]:6379/1"),
        ("TASKLEDGER_REDIS_URL", "rediss://there?db=1&ssl_cert_reqs=none"),
    ],
)
def test_addresses_are_what_their_parts_take(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert Settings.load().as_environment()[name] == value


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKLEDGER_CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("TASKLEDGER_REQUIRE_VERIFIED_EMAIL", "true")
    settings = Settings.load(port=81)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings


def test_a_command_finds_what_is_served_and_nothing_after_it_ended(tmp_path: Path) -> None:
    served = {"TASKLEDGER_DATABASE_URL": "postgresql://embedded/db"}
    folder = DataFolder.open(tmp_path)
    folder.publish(served)
    assert Settings.load().resolve().owner_url() == "postgresql://embedded/db"
    given = Settings.load(database_url="postgresql://given/db").resolve()
    assert given.owner_url() == "postgresql://given/db"
    folder.close()
    with pytest.raises(SettingsError, match="Nothing is served"):
        Settings.load().resolve()
