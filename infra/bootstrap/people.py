"""Who people are to one process: accounts, how they prove themselves, sessions, mail, keys."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from infra.bootstrap.ground import Ground
from infra.bootstrap.sign_on import sign_on_of
from infra.bootstrap.upkeep import SWEEP_EVERY_S, every, once_there
from infra.erasure.mails import MailsOfErased
from infra.executors import utc_now
from infra.mail.folder import MailFolder
from infra.mail.post import Post
from infra.mail.smtp import SmtpPost, SmtpServer
from infra.nats.wake import EndTeller, on_ended
from infra.people.access_tokens import AccessTokens
from infra.people.accounts import Accounts
from infra.people.api_keys import ApiKeys
from infra.people.by_mail import ByMail
from infra.people.credentials import Credentials
from infra.people.invitations import Invitations
from infra.people.kept_answers import KeptAnswers
from infra.people.mail_tokens import MailTokens
from infra.people.mailer import Mailer
from infra.people.outbox import Outbox
from infra.people.own_account import OwnAccount
from infra.people.passwords import Passwords
from infra.people.proofs import Proofs
from infra.people.second_factor import SecondFactors
from infra.people.sessions import Revocations, Sessions
from infra.redis.login_limits import LoginLimits
from infra.redis.mail_limits import MailLimits
from infra.security.watch import SecurityWatch
from infra.settings import Settings
from infra.settings.values import revealed

if TYPE_CHECKING:
    from infra.people.sign_on import SignOn

_NOTE_USES_EVERY_S: Final = 20.0


@dataclass(kw_only=True)
class People:
    """`sign_on` is None where there is no provider."""

    accounts: Accounts
    own_account: OwnAccount
    by_mail: ByMail
    invitations: Invitations
    sign_on: "SignOn | None"
    second_factors: SecondFactors
    sessions: Sessions
    access_tokens: AccessTokens
    revocations: Revocations
    api_keys: ApiKeys
    kept_answers: KeptAnswers


async def open_people(ground: Ground, security: SecurityWatch) -> People:
    settings, pool, master, vault = ground.settings, ground.pool, ground.master, ground.vault
    executor, store = ground.executor, ground.store
    sessions = Sessions(pool, timedelta(days=settings.refresh_token_days), vault)
    token_lifetime = timedelta(minutes=settings.access_token_minutes)
    revocations = await _revocations(ground, sessions, token_lifetime)
    passwords = Passwords()
    ground.stack.callback(passwords.close)
    credentials = Credentials(pool)
    second_factors = SecondFactors(pool, vault, master.derive("recovery codes"))
    proofs = Proofs(
        credentials=credentials,
        passwords=passwords,
        second_factors=second_factors,
        limits=LoginLimits(
            ground.windows,
            per_account=settings.login_failures_per_account,
            per_address=settings.login_failures_per_address,
        ),
        secret=master.derive("log-in limits"),
        on_failure=security.log_in_failed,
    )
    outbox = Outbox(pool, vault)
    tokens = MailTokens(pool, master.derive("mail tokens"), vault)
    mailer = _mailer(ground, outbox, tokens, credentials)
    verify_good_for = timedelta(hours=settings.verify_token_hours)
    mail_limits = MailLimits(
        ground.windows,
        per_address=settings.mails_per_address,
        invitations_per_day=settings.invitations_per_day,
    )
    by_mail = ByMail(
        executor=executor,
        credentials=credentials,
        passwords=passwords,
        proofs=proofs,
        tokens=tokens,
        outbox=outbox,
        limits=mail_limits,
        revocations=revocations,
        on_mail=mailer.wake,
        verify_good_for=verify_good_for,
    )
    invitations = Invitations(
        executor=executor,
        store=store,
        outbox=outbox,
        tokens=tokens,
        limits=mail_limits,
        proofs=proofs,
        on_mail=mailer.wake,
        clock=utc_now,
        good_for=timedelta(days=settings.invitation_days),
    )
    accounts = Accounts(
        executor=executor,
        store=store,
        credentials=credentials,
        sessions=sessions,
        passwords=passwords,
        proofs=proofs,
        outbox=outbox,
        on_mail=mailer.wake,
        verify_good_for=verify_good_for,
        require_verified_email=settings.require_verified_email,
    )
    own_account = OwnAccount(
        executor=executor,
        credentials=credentials,
        passwords=passwords,
        proofs=proofs,
        second_factors=second_factors,
        by_mail=by_mail,
        revocations=revocations,
    )
    sign_on = sign_on_of(
        ground,
        accounts=accounts,
        sessions=sessions,
        proofs=proofs,
        by_mail=by_mail,
        revocations=revocations,
    )
    api_keys = ApiKeys(pool)
    every(_NOTE_USES_EVERY_S, api_keys.note_uses, ground.stack)
    every(SWEEP_EVERY_S, accounts.sweep, ground.stack)
    kept_answers = KeptAnswers(pool, vault, master.derive("kept answers"))
    every(SWEEP_EVERY_S, kept_answers.sweep, ground.stack)
    return People(
        accounts=accounts,
        own_account=own_account,
        by_mail=by_mail,
        invitations=invitations,
        sign_on=sign_on,
        second_factors=second_factors,
        sessions=sessions,
        access_tokens=AccessTokens(master.derive("access tokens"), token_lifetime),
        revocations=revocations,
        api_keys=api_keys,
        kept_answers=kept_answers,
    )


async def _revocations(
    ground: Ground, sessions: Sessions, token_lifetime: timedelta
) -> Revocations:
    nats, log_id = ground.nats, ground.log_id
    if nats is None:
        revocations = Revocations(sessions, token_lifetime)
    else:
        revocations = Revocations(sessions, token_lifetime, EndTeller(nats, log_id))
        await on_ended(nats, log_id, revocations.heard)
    await once_there(revocations.start)
    ground.stack.push_async_callback(revocations.stop)
    return revocations


def _mailer(ground: Ground, outbox: Outbox, tokens: MailTokens, credentials: Credentials) -> Mailer:
    settings = ground.settings
    mailer = Mailer(
        outbox=outbox,
        tokens=tokens,
        post=_post(settings),
        store=ground.store,
        states=ground.executor.states,
        credentials=credentials,
        sender=settings.mail_from,
        public_url=settings.base_url(),
        reset_good_for=timedelta(minutes=settings.reset_token_minutes),
    )
    mailer.start()
    ground.stack.push_async_callback(mailer.stop)
    # Whatever sends them now: they may stand there from before.
    mails = MailsOfErased(ground.pool, MailFolder.of(settings), mailer.writing)
    ground.forgotten.also(mails.heard)
    mails.start()
    ground.stack.push_async_callback(mails.stop)
    return mailer


def _post(settings: Settings) -> Post:
    """How mail leaves: to the server that is given, else as files for a person to read."""
    url = revealed(settings.smtp_url)
    if url is not None:
        return SmtpPost(SmtpServer.of(url))
    return MailFolder.of(settings).post()
