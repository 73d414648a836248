"""Settings of the parts that the product runs on."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from infra.settings.values import HOST, begins_with, has_host


def _is_of_postgres(address: str) -> bool:
    """As its own library reads it, which takes several hosts, none, and folders of sockets."""
    # Here, since not all that read settings have a database.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        found = conninfo_to_dict(address)
    except ProgrammingError:
        return False
    hosts, ports = str(found.get("host") or ""), str(found.get("port") or "")
    return "@" not in hosts and all(not port or port.isdecimal() for port in ports.split(","))


def _is_of_redis(address: str) -> bool:
    """Its options are those that its own library has."""
    if not has_host(address):
        return False
    if "?" not in address:
        return True
    # Here, since hardly anybody has any.
    from redis.exceptions import RedisError

    from infra.redis.client import open_redis

    try:
        open_redis(address).connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py's
    except (AttributeError, TypeError, ValueError, RedisError):
        return False
    return True


def _has_hosts(addresses: str) -> bool:
    return all(has_host(each.strip()) for each in addresses.split(","))


Postgres = Annotated[
    SecretStr | None, begins_with("postgresql", "postgres", readable=_is_of_postgres)
]


class Parts(BaseModel):
    """The parts: without its address, `serve --embedded` starts a part itself"""

    database_url: Postgres = Field(
        None, description="PostgreSQL 15 or newer, as the owner of the database, in sessions."
    )
    api_database_url: Postgres = Field(
        None,
        description="The same as role `taskledger_api`; else the owner's, with SET ROLE.",
    )
    worker_database_url: Postgres = Field(
        None,
        description="The same as role `taskledger_worker`; else the owner's, with SET ROLE.",
    )
    nats_url: Annotated[
        SecretStr | None, begins_with("nats", "tls", "ws", "wss", readable=_has_hosts)
    ] = Field(None, description="NATS with JetStream; several servers of a cluster by comma.")
    redis_url: Annotated[
        SecretStr | None,
        begins_with(
            "redis", "rediss", like=f"{HOST}, and options that redis-py has", readable=_is_of_redis
        ),
    ] = Field(None, description="Redis or Valkey.")
    opensearch_url: Annotated[SecretStr | None, begins_with("http", "https")] = Field(
        None,
        description="OpenSearch, with `user:password@` where it asks for them; without one, and "
        "while it is away, PostgreSQL answers searches.",
    )
    opensearch_verify_tls: bool = Field(
        True, description="Whether the certificate of an `https` address is checked."
    )
    exports_url: Annotated[SecretStr | None, begins_with("s3", like="bucket/prefix")] = Field(
        None,
        description="Where files of exports are kept for all machines: `s3://bucket/prefix`, with "
        "the usual `AWS_...` variables for the rest; else the folder `exports` in the data folder.",
    )
    embedded_user: str | None = Field(
        None,
        description="Account that embedded servers run under where the product is run by root; "
        "else `postgres` or `nobody`, whichever is there.",
    )
