"""A real Dovecot of our own on loopback: IMAP and LMTP over one mailbox in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

USER = "privacy@desk.example.test"
PASSWORD = "an invented secret"
MISSING = "needs Debian's dovecot-imapd and dovecot-lmtpd, Dovecot 2.3, and root (apt-get install them)"
_CONF = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{home}/mail/%u/Maildir
mail_uid = mail
mail_gid = mail
recipient_delimiter = +
auth_failure_delay = 0 secs
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={home}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """Where it listens."""

    imap_port: int
    lmtp_port: int
    config: Path


def is_here() -> bool:
    """Say whether Dovecot 2.3 can be started here."""
    if shutil.which("dovecot") is None or os.geteuid() != 0:
        return False
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith("2.3.") and Path("/usr/lib/dovecot/lmtp").exists()


@contextmanager
def running() -> Iterator[Dovecot]:
    """Run a server while the context is open; its folder must be one that its own users may enter."""
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    home.chmod(0o755)
    (home / "mail").mkdir()
    shutil.chown(home / "mail", "mail", "mail")
    (home / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    imap, lmtp = free_port(), free_port()
    config = home / "dovecot.conf"
    config.write_text(_CONF.format(home=home, imap=imap, lmtp=lmtp))
    # It stays behind as a daemon and would hold a pipe open for ever.
    subprocess.run(["dovecot", "-c", str(config)], check=True, stdout=DEVNULL, stderr=DEVNULL, timeout=60)
    try:
        yield Dovecot(imap, lmtp, config)
    finally:
        subprocess.run(["doveadm", "-c", str(config), "stop"], check=True, capture_output=True, timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
