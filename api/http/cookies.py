"""The one cookie of a browser that signs on: it never leaves the browser but to here."""

from http.cookies import CookieError, SimpleCookie
from typing import Final

from api.http.call import Call
from api.http.reply import Header

_NAME: Final = "taskledger_sign_on"


def sign_on_cookie(call: Call) -> str | None:
    """What this browser brought."""
    given = call.headers.get(b"cookie")
    if given is None:
        return None
    cookies = SimpleCookie()
    try:
        cookies.load(given.decode("latin-1"))
    except CookieError:
        return None
    found = cookies.get(_named(call))
    return None if found is None else found.value


def set_sign_on_cookie(call: Call, value: str, max_age_s: int) -> Header:
    """No script can read it, and no other site's page can send it along but by leading here."""
    secure = "; Secure" if _is_by_tls(call) else ""
    text = f"{_named(call)}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"
    return b"set-cookie", text.encode("ascii")


def drop_sign_on_cookie(call: Call) -> Header:
    return set_sign_on_cookie(call, "", 0)


def _named(call: Call) -> str:
    """With a prefix by which browsers let no neighbouring host set it (RFC 6265bis, 4.1.3)."""
    return f"__Host-{_NAME}" if _is_by_tls(call) else _NAME


def _is_by_tls(call: Call) -> bool:
    return call.house.settings.base_url().startswith("https://")
