"""What the owner of an account, logged in, changes about how they log in."""

from commands.execution import Executor, Outcome
from commands.user.change_credentials import (
    ChangePassword,
    DisableSecondFactor,
    EnableSecondFactor,
    RenewRecoveryCodes,
)
from domain.errors import Kind, Refused, invalid
from domain.user.state import USER, User
from domain.values.frozen import dataclass
from domain.values.recorded import Origin
from domain.values.text import shown
from domain.values.text_rules import checked_email, normal_email
from infra.people.by_mail import ByMail, require_strong
from infra.people.credentials import Credentials
from infra.people.passwords import Passwords
from infra.people.proofs import Proof, Proofs
from infra.people.second_factor import Begun, SecondFactors
from infra.people.sessions import Revocations


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks, from where, in which session."""

    user_id: str
    session_id: str
    address: str
    origin: Origin


class OwnAccount:
    """Each change takes a proof: a session left open somewhere does not lose the account."""

    def __init__(
        self,
        *,
        executor: Executor,
        credentials: Credentials,
        passwords: Passwords,
        proofs: Proofs,
        second_factors: SecondFactors,
        by_mail: ByMail,
        revocations: Revocations,
    ) -> None:
        self._executor = executor
        self._credentials = credentials
        self._passwords = passwords
        self._proofs = proofs
        self._second_factors = second_factors
        self._by_mail = by_mail
        self._revocations = revocations

    async def change_password(self, owner: Owner, current: str, new: str) -> Outcome:
        """Every other session ends. Raises Invalid, and Refused(RATE_LIMITED) as a log-in."""
        user = await self._user(owner)
        require_strong(new, user, "/new_password")
        await self._proofs.again(
            owner.user_id, Proof(password=current), owner.address, "/current_password"
        )
        password_hash = await self._passwords.hash(new)
        outcome = await self._run(ChangePassword(user_id=owner.user_id), owner)
        self._ended(
            await self._credentials.change(
                owner.user_id, password_hash, "password changed", keep=owner.session_id
            )
        )
        await self._by_mail.tell("password-changed", user, outcome.position)
        return outcome

    async def change_email(self, owner: Owner, email: str, password: str) -> None:
        """Nothing changes before the new address is verified by the link that is mailed to it.
        The same for one that somebody else has: whose it is, is nobody's business."""
        checked_email(email)
        user = await self._user(owner)
        if normal_email(email) == normal_email(shown(user.email)) and email == user.email:
            raise invalid("/email", "This is your address already.", "unchanged")
        await self._proofs.again(owner.user_id, Proof(password=password), owner.address)
        await self._by_mail.ask_for_change(user, email, owner.address)

    async def begin_second_factor(self, owner: Owner, password: str) -> Begun:
        """A secret to be confirmed. Raises Refused(ALREADY_EXISTS) where there is one."""
        user = await self._user(owner)
        await self._proofs.again(owner.user_id, Proof(password=password), owner.address)
        begun = await self._second_factors.begin(owner.user_id, shown(user.username))
        if begun is None:
            raise Refused(
                Kind.ALREADY_EXISTS,
                "There is a second factor already; remove it before you set up another.",
                field="totp",
            )
        return begun

    async def confirm_second_factor(self, owner: Owner, code: str) -> list[str]:
        """From now on it counts; the recovery codes, shown this once. Raises Invalid."""
        user = await self._user(owner)
        confirmed = await self._second_factors.confirm(owner.user_id, code)
        if not confirmed and not user.has_second_factor:
            # One that a process which died in here had confirmed, and told nobody of.
            confirmed = await self._second_factors.check(owner.user_id, code)
        if not confirmed:
            await self._proofs.failed(owner.address)
            raise invalid("/code", "This is not the code of now, or nothing was begun.", "wrong")
        codes = await self._second_factors.renew_recovery_codes(owner.user_id)
        outcome = await self._run(EnableSecondFactor(user_id=owner.user_id), owner)
        await self._by_mail.tell("second-factor-enabled", user, outcome.position)
        return codes

    async def remove_second_factor(self, owner: Owner, proof: Proof) -> Outcome:
        user = await self._user(owner)
        await self._proofs.again(owner.user_id, proof, owner.address)
        outcome = await self._run(DisableSecondFactor(user_id=owner.user_id), owner)
        await self._second_factors.remove(owner.user_id)
        if outcome.changed:
            await self._by_mail.tell("second-factor-disabled", user, outcome.position)
        return outcome

    async def renew_recovery_codes(self, owner: Owner, proof: Proof) -> list[str]:
        """Fresh ones, shown this once; those of before are good for nothing any more."""
        await self._user(owner)
        await self._proofs.again(owner.user_id, proof, owner.address)
        await self._run(RenewRecoveryCodes(user_id=owner.user_id), owner)
        return await self._second_factors.renew_recovery_codes(owner.user_id)

    async def _run(self, command: object, owner: Owner) -> Outcome:
        return await self._executor.execute([command], owner.origin)

    async def _user(self, owner: Owner) -> User:
        user = await self._executor.states.read(USER, owner.user_id)
        if user is None or not user.can_log_in:
            raise Refused(Kind.UNAUTHENTICATED, "Log in first.")
        return user

    def _ended(self, session_ids: list[str]) -> None:
        for session_id in session_ids:
            self._revocations.add(session_id)
