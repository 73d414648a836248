"""The provider's own process: canaille over its memory, with orders on standard input."""

import json
import logging
import sys
import threading
from typing import Any

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from canaille.backends.memory.backend import MemoryBackend
from flask import Flask
from werkzeug.serving import make_server

# There is no claim for whether an address is verified: a title says it of each person.
_VERIFIED = "{% if user.title == 'verified' %}true{% else %}false{% endif %}"


_any_of = MemoryBackend.do_query


def _all_of(self: MemoryBackend, model: Any, *args: Any, **wanted: Any) -> list[Any]:
    """Asked for several attributes, canaille's memory finds what has any one of them, and so would
    take one code for another."""
    found: list[Any] = _any_of(self, model, *args, **wanted)
    return [each for each in found if all(_has(each, *one) for one in wanted.items())]


def _has(instance: Any, attribute: str, value: Any) -> bool:
    held = getattr(instance, attribute)
    return value in held if isinstance(held, list) else held == value


def _served(orders: dict[str, Any]) -> Flask:
    config = {
        "SECRET_KEY": "for the provider's own cookies",
        "SERVER_NAME": orders["issuer"].removeprefix("http://"),
        "PREFERRED_URL_SCHEME": "http",
        "SESSION_COOKIE_NAME": "provider",
        "CANAILLE_SQL": None,
        "CANAILLE_LDAP": None,
        "CANAILLE_SCIM": None,
        # Nobody is trusted: people are asked whether they want to be known.
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [orders["key"]], "TRUSTED_DOMAINS": []},
    }
    MemoryBackend.do_query = _all_of
    app = create_app(config=config)
    app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]["EMAIL_VERIFIED"] = _VERIFIED
    with app.app_context():
        client = models.Client(
            client_id=orders["client_id"],
            client_name="Taskledger",
            client_secret=orders["client_secret"],
            client_uri=orders["redirect_uri"],
            redirect_uris=[orders["redirect_uri"]],
            scope=["openid", "email", "profile"],
            grant_types=["authorization_code"],
            response_types=["code"],
            token_endpoint_auth_method="client_secret_basic",
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    return app


def _obey(app: Flask, orders: dict[str, Any], order: dict[str, Any]) -> None:
    with app.app_context():
        match order["do"]:
            case "person":
                person = models.User(
                    user_name=order["name"],
                    formatted_name=f"{order['name'].title()} Lee",
                    family_name="Lee",
                    display_name=order["name"],
                    emails=[order["email"]],
                    password=orders["password"],
                    title="verified" if order["verified"] else "",
                )
                Backend.instance.save(person)
            case "rotate":
                app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [order["key"]]
            case other:
                raise ValueError(other)


def main() -> None:
    logging.disable(logging.WARNING)  # it tells every request
    orders = json.loads(sys.argv[1])
    app = _served(orders)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for line in sys.stdin:
        _obey(app, orders, json.loads(line))
        print("done", flush=True)


if __name__ == "__main__":
    main()
