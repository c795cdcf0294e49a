"""The `assistant` command; heavy parts are imported only by the commands that need them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from assistant.domain.lifecycle import Status
from assistant.domain.rights import Right
from assistant.errors import AssistantError, ConfigurationError, NotAuthenticated
from assistant.logs import configure_logging, hook_uncaught

if TYPE_CHECKING:
    from assistant.config import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
sources_app = typer.Typer(no_args_is_help=True, help="Where personal data lives.")
requests_app = typer.Typer(no_args_is_help=True, help="The tracked requests.")
queue_app = typer.Typer(no_args_is_help=True, help="The plans that wait for an agent.")
agents_app = typer.Typer(no_args_is_help=True, help="The people who work at the desk, and their tokens.")
corrections_app = typer.Typer(
    no_args_is_help=True, help="What agents said of messages that were read wrongly."
)
audit_app = typer.Typer(no_args_is_help=True, help="The chain of what was done.")
keys_app = typer.Typer(no_args_is_help=True, help="The keys that the desk's own records are sealed with.")
events_app = typer.Typer(no_args_is_help=True, help="What was refused.")
suppressed_app = typer.Typer(no_args_is_help=True, help="Who gets no marketing.")
Config = Annotated[
    Path | None, typer.Option("--config", help="The file of settings; config.toml if none is named.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
_DEFAULT = None
_SETTINGS_FILE = Path("config.toml")
_BEFORE: ContextVar[Path | None] = ContextVar("named before the command", default=None)
_FAILED, _USAGE = 1, 2


@app.callback(help=__doc__)
def _first(config: Config = None) -> None:
    """Take `--config` before the command too."""
    _BEFORE.set(config)


def _between(config: Config = None) -> None:
    if config is not None:
        _BEFORE.set(config)


for name, group in (
    ("sources", sources_app),
    ("requests", requests_app),
    ("queue", queue_app),
    ("agents", agents_app),
    ("events", events_app),
    ("corrections", corrections_app),
    ("suppressed", suppressed_app),
    ("keys", keys_app),
    ("audit", audit_app),
):
    group.callback()(_between)
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command; errors are one line on standard error, exit 1 for a refusal and 2 for bad usage or settings."""
    configure_logging()
    hook_uncaught()
    try:
        _check_encoding()
        app()
    except ConfigurationError as error:
        _die(error.message, _USAGE)
    except AssistantError as error:
        _die(error.message, _FAILED)


def _check_encoding() -> None:
    """Refuse what no database and no letter can hold: bytes that are no UTF-8, which Python smuggles in as surrogates."""
    for what, text in (*enumerate(sys.argv), ("ASSISTANT_TOKEN", os.environ.get("ASSISTANT_TOKEN", ""))):
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            where = what if isinstance(what, str) else f"argument {what}"
            raise ConfigurationError(f"{where} is not valid UTF-8; type it anew in a terminal set to UTF-8.")


def _die(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    raise SystemExit(code)


def _print(row: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(row, ensure_ascii=False, default=str))
    else:
        typer.echo(
            "  ".join(f"{key}={value}" for key, value in row.items() if value not in (None, "", [], {}))
        )


def _say(row: Mapping[str, Any], words: str, *, as_json: bool) -> None:
    _print(row, as_json=True) if as_json else typer.echo(words)


def _rows(rows: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        _print(row, as_json=as_json)


def _findings(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    _rows(rows, as_json=as_json)
    if any(row["level"] == "error" for row in rows):
        raise SystemExit(_FAILED)


def _named(config: Path | None) -> Path | None:
    """Give the settings that were named, after the command or else before it; None if none were."""
    return _BEFORE.get() if config is None else config


def _settings(config: Path | None) -> Settings:
    from assistant.config import load_settings

    return load_settings(_named(config) or _SETTINGS_FILE)


# ── the desk ────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def serve(config: Config = _DEFAULT) -> None:
    """Run the desk with all channels of the settings."""
    from assistant.config import require_complete

    settings = _settings(config)
    require_complete(settings)

    gc.disable()  # until what stays is loaded: serving looks for garbage from then on
    from assistant.app import assemble, take_lock  # what takes long to load comes after what may be wrong
    from assistant.serving import bind, run
    from assistant.serving import serve as serve_desk

    lock = take_lock(settings)
    listener = bind(settings.server.host, settings.server.port)

    monitor = bind(*settings.server.monitored_at, "server.monitor")

    async def desk() -> None:
        await serve_desk(assemble(settings), listener, monitor=monitor)

    run(desk(), settings.server.event_loop)
    del lock


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    dir: Annotated[  # noqa: A002 - the option is called --dir
        Path | None, typer.Option(help="Where the sample data is; a new folder if none is named.")
    ] = None,
    mail_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where mail is taken by SMTP; 0 takes a free port.")
    ] = 0,
    now: Annotated[
        str | None, typer.Option(help="The instant at which its clock starts (ISO 8601 with zone).")
    ] = None,
    no_hold: Annotated[bool, typer.Option("--no-hold", help="Skip the waiting periods.")] = False,
    four_eyes: Annotated[
        bool,
        typer.Option(
            "--four-eyes", help="Erasure and disclosure need two people, as they do by default elsewhere."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole desk on the sample data of an invented company."""
    from assistant.demo.run import DemoOptions, run_demo, say_line
    from assistant.serving import run

    folder = dir or Path(tempfile.mkdtemp(prefix="privacy-desk-"))
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"--dir: {folder} is a file; name a folder, or one that is not there yet.")
    loop = os.environ.get("DEMO_EVENT_LOOP", "uvloop")
    options = DemoOptions(
        folder, port, mail_port, _instant(now) if now else None, not no_hold, as_json, four_eyes, loop
    )
    run(run_demo(options, say_line), loop)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"--now: {text!r} is no instant; write it like 2026-11-24T09:30:00+02:00."
        ) from None
    if instant.tzinfo is None:
        raise ConfigurationError(f"--now: {text!r} has no zone; write it like 2026-11-24T09:30:00+02:00.")
    return instant


@app.command("mail-in")
def mail_in(config: Config = _DEFAULT) -> None:
    """Read one mail on standard input and hand it to the running desk (for an MTA's pipe)."""
    from assistant.asking import ask_running
    from assistant.channels.email.settings import LARGEST_MAIL

    raw = sys.stdin.buffer.read(LARGEST_MAIL + 1)  # more is refused, and need not be held
    answer = asyncio.run(ask_running(_settings(config), "/mail-in", data=raw))
    if answer is None:
        # 75 is EX_TEMPFAIL: the MTA keeps the mail and tries again.
        _die(
            "The desk is not running; start it with `assistant serve`, the mail is kept by your mail server.",
            75,
        )


@app.command()
def doctor(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Check settings, database, migrations, channels, sources and model; one line each, with the mend."""
    from assistant.doctor import examine

    _findings(asyncio.run(examine(_named(config) or _SETTINGS_FILE)), as_json=as_json)


@app.command()
def backup(file: Path, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Copy the database to a new file, consistent also while the desk runs; keys are not in it."""
    from assistant.store.backup import back_up

    settings = _settings(config)
    back_up(settings.database_url, file)
    keys = settings.server.data_dir / "keys"
    said = f"{file}: written. Keep {keys} elsewhere: without it the copy cannot be read."
    _say({"file": file, "keys": keys}, said, as_json=as_json)


@app.command()
def restore(file: Path, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Put a copy in place of the database of a desk that is stopped."""
    from assistant.app import take_lock
    from assistant.store.backup import restore as put_back

    settings = _settings(config)
    lock = take_lock(settings)
    kept = put_back(settings.database_url, file, settings.server.data_dir)
    said = f"{settings.database_url}: restored from {file}; " + (
        f"the one before is kept as {kept}." if kept else "there was none before."
    )
    _say({"database": settings.database_url, "file": file}, said, as_json=as_json)
    del lock


# ── reading and the law ─────────────────────────────────────────────────────────────────────────────


@app.command()
def classify(
    file: Annotated[Path | None, typer.Argument()] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = True,
) -> None:
    """Read one message a line (or JSON objects with `text`) and print what is understood, as JSON.

    With `--config` as that desk reads, with what was learned and accepted there.
    """
    from intents import cli_classify

    del as_json  # nothing else is printed
    lines: Iterable[str] = _lines_of(file) if file else sys.stdin
    _rows(cli_classify(lines, _accepted(config)), as_json=True)


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        raise ConfigurationError(f"{file}: cannot be read; name a file that is there.") from None


def _accepted(config: Path | None) -> Path | None:
    """Give the pipeline of the desk that was named; None is the one that ships."""
    if _named(config) is None:
        return None
    from assistant.app import model_dir

    return model_dir(_settings(config))


@app.command()
def evaluate(
    file: Path, page: Path | None = None, config: Config = _DEFAULT, as_json: AsJson = False
) -> None:
    """Measure the reader on labelled messages; `--page` writes figures, plots and errors as an HTML file."""
    from intents import NotLabelled, cli_evaluate

    _lines_of(file)  # says in one line what is wrong with it
    try:
        figures = cli_evaluate(file, _accepted(config), page_file=page)
    except NotLabelled as error:
        raise ConfigurationError(f"{error}; mend that line, and measure again.") from None
    _say(figures, _figures(figures), as_json=as_json)


def _figures(figures: Mapping[str, Any], indent: str = "") -> str:
    lines = []
    for key, value in figures.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{key}:", _figures(value, f"{indent}  ")]
        elif isinstance(value, list):
            lines += [f"{indent}{key}:", *(f"{indent}  {item}" for item in value)]
        else:
            lines.append(f"{indent}{key}: {round(value, 4) if isinstance(value, float) else value}")
    return "\n".join(lines)


@app.command()
def train(
    learn: Annotated[bool, typer.Option("--learn", help="With the corrections kept, for this desk.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Serve what was learned.")] = False,
    on: Annotated[Path | None, typer.Option("--on", help="Labelled messages to compare on.")] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Train the pipeline from its examples, deterministic under its seed; `--learn` shows the effect before `--accept`."""
    import intents
    from assistant.learning import accept_learned, learn_from_corrections

    if accept:
        accepted = accept_learned(_settings(config))
        said = f"From its next start on, the desk reads with {accepted}."
        _say({"accepted": accepted}, said, as_json=as_json)
        return
    model = Path(intents.__file__).parent / "model"
    figures = learn_from_corrections(_settings(config), on) if learn else intents.cli_train(model)
    _say(figures, _figures(figures), as_json=as_json)


@corrections_app.command("list")
def corrections_list(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """List what agents said of messages that were read wrongly."""
    from assistant.reading_commands import list_corrections

    _rows(list_corrections(_settings(config)), as_json=as_json)


@corrections_app.command("keep")
def corrections_keep(correction: int, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Keep a correction for training, once its text is seen to name nobody."""
    _run(config, "corrections-review", as_json=as_json, correction=correction, keep=True)


@corrections_app.command("drop")
def corrections_drop(correction: int, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Drop a correction and its text."""
    _run(config, "corrections-review", as_json=as_json, correction=correction, keep=False)


@app.command()
def due(  # noqa: PLR0913 - Typer reads the options from the signature
    received_at: str,
    *,
    country: Annotated[str | None, typer.Option(help="Whose holidays count; EE, or as in --config.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Of the controller; Europe/Tallinn, or as in --config.")
    ] = None,
    audience_timezone: Annotated[
        str | None, typer.Option(help="Of the persons; Europe/Paris, or as in --config.")
    ] = None,
    extended_on: Annotated[str | None, typer.Option()] = None,
    asked_on: Annotated[str | None, typer.Option()] = None,
    satisfied_on: Annotated[str | None, typer.Option()] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Compute the due date of a request from the instant of its receipt."""
    from assistant.domain.due_date import due_report

    usual = _calendar(config)
    report = due_report(
        received_at,
        country=country or usual[0],
        timezone=timezone or usual[1],
        audience_timezone=audience_timezone or usual[2],
        extended_on=_day(extended_on),
        asked_on=_day(asked_on),
        satisfied_on=_day(satisfied_on),
    )
    _say(report, _figures(report), as_json=as_json)


def _calendar(config: Path | None) -> tuple[str, str, str]:
    """Give country, zone and audience's zone of the settings that were named, or those of the first controller."""
    if _named(config) is None:
        from assistant.domain.calendars import LegalCalendar

        calendar = LegalCalendar()
    else:
        from assistant.app import calendar_of

        calendar = calendar_of(_settings(config))
    return calendar.country, calendar.zone, calendar.audience_zone


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigurationError(f"{text!r} is no day; write it like 2026-11-24.") from None


# ── sources ─────────────────────────────────────────────────────────────────────────────────────────


@sources_app.command("check")
def sources_check(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Can every source be reached, and does its map fit."""
    from assistant.reading_commands import check_sources

    _findings(asyncio.run(check_sources(_settings(config))), as_json=as_json)


@sources_app.command("draft")
def sources_draft(
    url: Annotated[
        str, typer.Argument(help="Its SQLAlchemy address, or the environment variable that holds it.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write a first map of a database from its live schema, for a person to finish; no data."""
    from assistant.sources.sql.draft import draft

    drafted = draft(os.environ.get(url, url))
    _say({"map": drafted}, drafted, as_json=as_json)


@sources_app.command("block")
def sources_block(
    name: Annotated[str, typer.Argument(help="One of the systems; leave it out to list them.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write the ready map of a system that is reached by HTTP, to be saved and adapted; or list them."""
    from assistant.sources.http.blocks import block, names

    if name:
        _say({"name": name, "map": block(name)}, block(name), as_json=as_json)
        return
    for each in names():
        _say({"name": each}, each, as_json=as_json)


@sources_app.command("locate")
def sources_locate(email: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Count what each source holds about a person; no data."""
    from assistant.reading_commands import locate

    _rows(asyncio.run(locate(_settings(config), email)), as_json=as_json)


# ── requests, queue, agents, audit ──────────────────────────────────────────────────────────────────


@requests_app.command("list")
def requests_list(
    status: Annotated[Status | None, typer.Option()] = None,
    due_before: Annotated[str | None, typer.Option()] = None,
    right: Annotated[Right | None, typer.Option()] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List the requests by due date."""
    from assistant.reading_commands import list_requests

    _rows(list_requests(_settings(config), status, _day(due_before), right), as_json=as_json)


@requests_app.command("show")
def requests_show(ref: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Show one request with its timeline."""
    from assistant.reading_commands import show_request

    _rows(show_request(_settings(config), ref), as_json=as_json)


@queue_app.command("list")
def queue_list(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """List the plans that wait for approval, by due date."""
    from assistant.reading_commands import list_queue

    _rows(list_queue(_settings(config)), as_json=as_json)


@queue_app.command("show")
def queue_show(action: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Show a plan: what will be done where, what is kept and why."""
    from assistant.reading_commands import show_action

    _print(show_action(_settings(config), action), as_json=as_json)


def _run(config: Path | None, command: str, *, as_json: bool, **asked: Any) -> None:
    from assistant.asking import run_command

    _print(asyncio.run(run_command(_settings(config), command, asked)), as_json=as_json)


def _agent_token() -> str:
    token = os.environ.get("ASSISTANT_TOKEN", "")
    if not token:
        raise NotAuthenticated(
            "ASSISTANT_TOKEN is empty; put the agent's token there (assistant agents token NAME)."
        )
    return token


@queue_app.command("approve")
def queue_approve(
    action: str, plan: Annotated[str, typer.Option()], config: Config = _DEFAULT, as_json: AsJson = False
) -> None:
    """Approve exactly the plan with this hash, as the agent of ASSISTANT_TOKEN."""
    _run(config, "queue-approve", as_json=as_json, action=action, plan_hash=plan, token=_agent_token())


@queue_app.command("reject")
def queue_reject(
    action: str, reason: Annotated[str, typer.Option()], config: Config = _DEFAULT, as_json: AsJson = False
) -> None:
    """Reject a plan with its reason, as the agent of ASSISTANT_TOKEN."""
    _run(config, "queue-reject", as_json=as_json, action=action, reason=reason, token=_agent_token())


@agents_app.command("add")
def agents_add(
    name: str,
    role: Annotated[str, typer.Option(help="agent, approver, lead or auditor")],
    email: Annotated[str | None, typer.Option(help="Where reminders go.")] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Add an agent; the password and the authenticator's secret are shown once."""
    import pyotp

    _check_role(role)
    password, totp = secrets.token_urlsafe(15), pyotp.random_base32()
    from assistant.asking import run_command
    from assistant.casework.agents.staff import hash_password

    asked = {
        "name": name,
        "role": role,
        "email": email,
        "password_hash": hash_password(password),
        "totp_secret": totp,
    }
    done = asyncio.run(run_command(_settings(config), "agents-add", asked))
    _print({**done, "password": password, "totp_secret": totp}, as_json=as_json)


def _check_role(role: str) -> None:
    if role not in {"agent", "approver", "lead", "auditor"}:
        raise ConfigurationError(f"--role: {role!r} is none; choose agent, approver, lead or auditor.")


@agents_app.command("disable")
def agents_disable(name: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Shut an agent out at once; every session and token of theirs ends."""
    _run(config, "agents-disable", as_json=as_json, name=name)


@agents_app.command("enable")
def agents_enable(name: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Let an agent in again."""
    _run(config, "agents-enable", as_json=as_json, name=name)


@agents_app.command("role")
def agents_role(
    name: str,
    role: Annotated[str, typer.Option(help="agent, approver, lead or auditor")],
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Give an agent another role, from the next thing they do."""
    _check_role(role)
    _run(config, "agents-role", as_json=as_json, name=name, role=role)


@agents_app.command("password")
def agents_password(name: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Give an agent a new password, shown once; their sessions end."""
    from assistant.asking import run_command
    from assistant.casework.agents.staff import hash_password

    password = secrets.token_urlsafe(15)
    asked = {"name": name, "password_hash": hash_password(password)}
    done = asyncio.run(run_command(_settings(config), "agents-password", asked))
    _print({**done, "password": password}, as_json=as_json)


@agents_app.command("reset-totp")
def agents_reset_totp(name: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Give an agent another authenticator, its secret shown once; their sessions and recovery codes end."""
    import pyotp

    from assistant.asking import run_command

    totp = pyotp.random_base32()
    asked = {"name": name, "totp_secret": totp}
    done = asyncio.run(run_command(_settings(config), "agents-reset-totp", asked))
    _print({**done, "totp_secret": totp}, as_json=as_json)


@agents_app.command("recovery")
def agents_recovery(name: str, config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Make ten recovery codes of an agent in place of those before, shown once."""
    _run(config, "agents-recovery", as_json=as_json, name=name)


@agents_app.command("sessions")
def agents_sessions(
    name: Annotated[str | None, typer.Argument()] = None, config: Config = _DEFAULT, as_json: AsJson = False
) -> None:
    """List who is signed in to the console, and since when."""
    from assistant.reading_commands import list_sessions

    _rows(list_sessions(_settings(config), name), as_json=as_json)


@agents_app.command("end-session")
def agents_end_session(
    session: Annotated[str, typer.Argument(help="As `agents sessions` lists it.")],
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """End one session of the console."""
    _run(config, "agents-end-session", as_json=as_json, session=session)


@agents_app.command("tokens")
def agents_tokens(
    name: Annotated[str | None, typer.Argument()] = None, config: Config = _DEFAULT, as_json: AsJson = False
) -> None:
    """List the API tokens and until when they last."""
    from assistant.reading_commands import list_tokens

    _rows(list_tokens(_settings(config), name), as_json=as_json)


@agents_app.command("revoke")
def agents_revoke(
    token: Annotated[str, typer.Argument(help="As `agents tokens` lists it.")],
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """End one API token."""
    _run(config, "agents-revoke", as_json=as_json, token=token)


@agents_app.command("list")
def agents_list(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """List the agents."""
    from assistant.reading_commands import list_agents

    _rows(list_agents(_settings(config)), as_json=as_json)


@agents_app.command("token")
def agents_token(
    name: str,
    scope: Annotated[str, typer.Option(help="read, reply, approve or suppression")] = "read",
    may_approve_irreversible: Annotated[bool, typer.Option("--may-approve-irreversible")] = False,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long it lasts.")] = 90,
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Make an API token of an agent, shown once."""
    if scope not in {"read", "reply", "approve", "suppression"}:
        raise ConfigurationError(f"--scope: {scope!r} is none; choose read, reply, approve or suppression.")
    _run(
        config,
        "agents-token",
        as_json=as_json,
        name=name,
        scope=scope,
        may_approve_irreversible=may_approve_irreversible,
        days=days,
    )


@keys_app.command("list")
def keys_list(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """List the keys by their ids, and whether each is still needed."""
    from assistant.reading_commands import list_keys

    _rows(list_keys(_settings(config)), as_json=as_json)


@keys_app.command("rotate")
def keys_rotate(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Seal everything under a new key while the desk runs, then drop the one before; go on with a change that was ended."""
    from assistant.changing_keys import change_sealing_key

    settings = _settings(config)
    key = asyncio.run(change_sealing_key(settings, sys.stderr.write))
    keys = settings.server.data_dir / "keys"
    said = (
        f"Everything is sealed under {key}, and the key before is gone. Copy {keys} again; backups from before are "
        "read with the copy that you kept."
    )
    _say({"key": key, "keys": keys}, said, as_json=as_json)


@events_app.command("list")
def events_list(
    since: Annotated[str | None, typer.Option(help="A day; a week ago if none is named.")] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List what was refused, counted by kind and hour, without a visitor's name or address."""
    from assistant.reading_commands import list_events

    _rows(list_events(_settings(config), _day(since)), as_json=as_json)


@suppressed_app.command("filter")
def suppressed_filter(
    file: Annotated[Path, typer.Argument(help="One address or number a line; - is standard input.")],
    config: Config = _DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Say which of a mailing tool's own addresses and numbers to leave out: those for which marketing is stopped."""
    from assistant.reading_commands import filter_suppressed

    lines = sys.stdin.read().splitlines() if str(file) == "-" else _lines_of(file)
    for address in filter_suppressed(_settings(config), lines):
        _say({"address": address}, address, as_json=as_json)


@audit_app.command("verify")
def audit_verify(config: Config = _DEFAULT, as_json: AsJson = False) -> None:
    """Find every entry that was edited, removed or swapped, naming the request."""
    from assistant.reading_commands import verify_audit

    faults = verify_audit(_settings(config))
    _rows(faults, as_json=as_json)
    if faults:
        raise SystemExit(_FAILED)
    if not as_json:
        typer.echo("The audit is whole.")


@audit_app.command("export")
def audit_export(
    begin: Annotated[str | None, typer.Option("--from")] = None,
    end: Annotated[str | None, typer.Option("--to")] = None,
    config: Config = _DEFAULT,
    as_json: AsJson = True,
) -> None:
    """Print the audit, one JSON object a line."""
    from assistant.reading_commands import export_audit

    del as_json  # nothing else is printed
    _rows(export_audit(_settings(config), _day(begin), _day(end)), as_json=True)
