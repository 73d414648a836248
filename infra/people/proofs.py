"""Proving who one is: passwords and codes, tried as often as guessing allows and no oftener.

Tries are counted for an account and for an address. Whoever guesses at somebody's account from
anywhere uses up the tries of strangers; its owner, at a place from which they have logged in
before, has tries of their own there.
"""

import hashlib
import hmac
from collections.abc import Callable

from domain.errors import Kind, Refused, invalid
from domain.values.frozen import dataclass
from infra.people.credentials import Credentials
from infra.people.passwords import Passwords
from infra.people.second_factor import SecondFactors
from infra.redis.login_limits import LoginLimits

OnFailure = Callable[[str | None, str, str | None], None]


@dataclass(frozen=True, slots=True)
class Proven:
    """The password was right, and this is how it is stored. `bucket` names the tries that were
    spent on it."""

    user_id: str
    password_hash: str
    bucket: str
    place: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One of them is enough where somebody is logged in already."""

    password: str | None = None
    totp_code: str | None = None
    recovery_code: str | None = None


class Proofs:
    """`secret` hides which accounts and places are tried from whoever reads a store of them.
    `on_failure` is told whose account it was, at what they failed, and from which address
    where that is known."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        passwords: Passwords,
        second_factors: SecondFactors,
        limits: LoginLimits,
        secret: bytes,
        on_failure: OnFailure,
    ) -> None:
        self._credentials = credentials
        self._passwords = passwords
        self._second_factors = second_factors
        self._limits = limits
        self._secret = secret
        self._on_failure = on_failure

    def named(self, *words: str) -> bytes:
        """What stands for these words where they must not be read."""
        said = "\0".join(words).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, said, hashlib.sha256)

    async def password(
        self, user_id: str | None, name: str, password: str, address: str
    ) -> Proven | None:
        """None where it is wrong; in the same time for a name that nobody has (`user_id` None).

        Raises Refused(RATE_LIMITED).
        """
        place = self.named("place", user_id or name, address)
        bucket = await self._begin(user_id, name, place, address)
        credential = await self._credentials.find(user_id or "")
        stored = None if credential is None else credential.password_hash
        is_right = await self._passwords.verify(stored, password)
        if credential is None or stored is None or not is_right or not credential.is_active:
            known = None if credential is None else credential.user_id
            self._on_failure(known, "password", address)
            await self._limits.failed(address)
            return None
        return Proven(credential.user_id, stored, bucket, place)

    async def settled(self, proven: Proven, password: str | None = None) -> str:
        """They are who they say: what was tried no longer stands in their way, and this place is
        theirs. The hash of the password as it is stored now."""
        await self._limits.succeeded(proven.bucket)
        await self._credentials.know_place(proven.user_id, proven.place)
        if password is None or not self._passwords.is_outdated(proven.password_hash):
            return proven.password_hash
        renewed = await self._passwords.hash(password)
        await self._credentials.rehash(proven.user_id, proven.password_hash, renewed)
        return renewed

    async def welcome(self, user_id: str, address: str) -> None:
        """They have shown in another way that they own the account, and are at this address."""
        place = self.named("place", user_id, address)
        await self._credentials.know_place(user_id, place)
        await self._limits.succeeded(self._bucket(user_id, place, is_known=True))

    def sign_on_failed(self, user_id: str | None = None) -> None:
        """What a provider says of somebody was not believed, or their account is closed."""
        self._on_failure(user_id, "sign-on", None)

    async def failed(self, address: str) -> None:
        """What came after a right password was wrong."""
        await self._limits.failed(address)

    async def again(self, user_id: str, proof: Proof, address: str, at: str = "/password") -> None:
        """Somebody who is logged in proves once more who they are.

        Raises Invalid at what is wrong or missing, and Refused(RATE_LIMITED).
        """
        if proof.password is not None:
            proven = await self.password(user_id, "", proof.password, address)
            if proven is None:
                raise invalid(
                    at,
                    "This is not your password. Who has none yet chooses one by "
                    "POST /auth/password/forgot.",
                    "wrong",
                )
            await self._limits.succeeded(proven.bucket)
            return
        place = self.named("place", user_id, address)
        bucket = await self._begin(user_id, "", place, address)
        if not await self._code(user_id, proof, address):
            raise invalid(at, "Give your password, or a code.", "missing")
        await self._limits.succeeded(bucket)

    async def second(self, user_id: str, proof: Proof, address: str) -> None:
        """The second factor of a log-in, where there is one. Raises
        Refused(SECOND_FACTOR_REQUIRED) where none was given, Refused(UNAUTHENTICATED) for a wrong
        one."""
        if not await self._second_factors.is_on(user_id):
            return
        if proof.totp_code is None and proof.recovery_code is None:
            raise Refused(
                Kind.SECOND_FACTOR_REQUIRED,
                "Send the same again with totp_code, or with recovery_code, beside it.",
                factors=["totp_code", "recovery_code"],
            )
        if not await self._is_right(user_id, proof):
            self._on_failure(user_id, "second-factor", address)
            await self._limits.failed(address)
            raise Refused(Kind.UNAUTHENTICATED, "The code is wrong, or was used before.")

    async def second_alone(self, user_id: str, proof: Proof, address: str) -> None:
        """As `second`, for whom somebody else has let in: the tries are counted here."""
        if proof.totp_code is None and proof.recovery_code is None:
            await self.second(user_id, proof, address)
            return
        place = self.named("place", user_id, address)
        bucket = await self._begin(user_id, "", place, address)
        await self.second(user_id, proof, address)
        await self._limits.succeeded(bucket)

    async def _code(self, user_id: str, proof: Proof, address: str) -> bool:
        """Whether a code was given; Invalid where it is wrong."""
        if proof.totp_code is None and proof.recovery_code is None:
            return False
        if not await self._is_right(user_id, proof):
            self._on_failure(user_id, "second-factor", address)
            await self._limits.failed(address)
            pointer = "/totp_code" if proof.totp_code is not None else "/recovery_code"
            raise invalid(pointer, "The code is wrong, or was used before.", "wrong")
        return True

    async def _is_right(self, user_id: str, proof: Proof) -> bool:
        if proof.totp_code is not None:
            return await self._second_factors.check(user_id, proof.totp_code)
        return await self._second_factors.recover(user_id, proof.recovery_code or "")

    async def _begin(self, user_id: str | None, name: str, place: bytes, address: str) -> str:
        known = await self._credentials.is_known_place(user_id or "", place)
        bucket = self._bucket(user_id or name, place, is_known=known)
        try:
            await self._limits.begin(bucket, address)
        except Refused:
            self._on_failure(user_id, "too-many", address)
            raise
        return bucket

    def _bucket(self, account: str, place: bytes, *, is_known: bool) -> str:
        named = self.named("account", account).hex()
        return f"{named} {place.hex()}" if is_known else named
