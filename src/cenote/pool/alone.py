"""The process of a manager: opens its store and its authority, lets the first admin in, and serves until a signal."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import sys
import time
from asyncio import sslproto
from collections.abc import Callable
from pathlib import Path

from cenote import config
from cenote.credentials import TokenCredential, read_token
from cenote.errors import Invalid, NoKey, WrongSetting
from cenote.listening import listen_on, reached_at
from cenote.pool import placement
from cenote.pool.accounts import Accounts
from cenote.pool.authority import Authority
from cenote.pool.core import Core
from cenote.pool.home import Home, Resident
from cenote.pool.process import Managed, Manager
from cenote.pool.queue import Rules
from cenote.pool.request import DAY
from cenote.pool.store import Store
from cenote.pool.webcertificate import WebCertificate
from cenote.private import write_private
from cenote.protocol import MANAGER_PORT, Address
from cenote.units import parse_duration

log = logging.getLogger("cenote.manager")

_SOON = 90  # days
_BUFFER = 16 * 1024  # bytes that each connection has to itself; TLS comes in pieces of that size
_TURN = 0.0005  # seconds until a thread that computes lets another one do so


def run(home: Home, settings: config.Pool, announce: Callable[[Resident, Path | None], None]) -> None:
    """``announce`` gets the file of the first admin's token where there is one."""
    try:
        placement.named(settings.placement)
    except Invalid as error:
        raise WrongSetting(f"pool.placement: {error}") from None
    web = _web(settings)
    _fit_for_many()
    home.enter()
    listeners = listen_on(settings.listen, MANAGER_PORT)
    store = Store(settings.store or f"sqlite:///{home.folder / 'pool.db'}")
    try:
        store.upgrade()
        core = Core(store, _rules(settings))
        authority = Authority.open(settings.authority or home.folder / "authority")
        if (days := (authority.expires_at - time.time()) / DAY) < _SOON:
            log.warning("the certificate of the pool’s authority, %s, expires in %d days", authority.file, days)
        managers = _managers(settings, listeners[0])
        manager = Manager(Managed(core, authority, home.folder, socket.gethostname(), managers, web))
        resident = Resident(os.getpid(), tuple(map(str, managers)), authority.fingerprint)
        token = _admit_admin(home, core, resident)

        def ready(_: object) -> None:
            gc.collect()
            gc.freeze()  # the fleet stays: nobody has to look through it for garbage
            home.announce(resident)
            announce(resident, token)

        asyncio.run(_serve(manager, listeners, ready))
        home.leave()
    finally:
        store.close()


def new_admin_token(home: Home, settings: config.Pool) -> Path:
    """The file of an admin's new token, for who has lost it; whether a manager runs or not."""
    database = home.folder / "pool.db"
    if settings.store is None and not database.exists():
        raise NoKey(f"no manager has started with {home.folder} yet; its first start makes a token")
    if home.folder.exists() and home.folder.stat().st_uid != os.geteuid():  # the manager could not use our files
        raise NoKey(f"only the user who owns {home.folder} can do that")
    store = Store(settings.store or f"sqlite:///{database}")
    try:
        authority = Authority.open(settings.authority or home.folder / "authority")
        if resident := home.resident():
            managers = resident.managers
        else:  # if it is another, the manager's next start corrects the file
            guess = settings.managers or settings.listen or (Address("127.0.0.1", MANAGER_PORT),)
            managers = tuple(map(str, guess))
        text = TokenCredential(managers, authority.fingerprint, Accounts(Core(store)).recover()).text
        write_private(home.admin_token, f"{text}\n".encode())
    except OSError as error:
        raise NoKey(f"the admin’s token cannot be kept in {home.admin_token}: {error.strerror}") from None
    finally:
        store.close()
    return home.admin_token


def _rules(settings: config.Pool) -> Rules:
    return Rules(
        max_time=parse_duration(settings.max_time),
        max_idle=None if settings.max_idle is None else parse_duration(settings.max_idle),
        placement=settings.placement,
    )


def _fit_for_many() -> None:
    """Thousands of connections are nothing that the defaults are made for."""
    sslproto.SSLProtocol.max_size = _BUFFER
    sys.setswitchinterval(_TURN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(manager: Manager, listeners: list[socket.socket], ready: Callable[[object], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            loop.add_signal_handler(number, manager.stop)
    await manager.serve(listeners, ready)


def _web(settings: config.Pool) -> WebCertificate | None:
    if settings.certificate is None and settings.certificate_key is None:
        return None
    if settings.certificate is None or settings.certificate_key is None:
        raise WrongSetting("pool.certificate and pool.certificate_key belong together; only one of them is set")
    return WebCertificate(settings.certificate, settings.certificate_key)


def _managers(settings: config.Pool, listener: socket.socket) -> tuple[Address, ...]:
    return settings.managers or (reached_at(listener),)


def _admit_admin(home: Home, core: Core, resident: Resident) -> Path | None:
    """The file of the first admin's token. It says where the managers are now, also when that has changed."""
    file = home.admin_token
    token = Accounts(core).bootstrap()
    try:
        if token is None:
            if not file.exists():
                return None
            known = read_token(file.read_text(encoding="utf-8"))
            if known.ca != resident.ca or known.managers == resident.managers:
                return file
            token = known.token
        write_private(file, f"{TokenCredential(resident.managers, resident.ca, token).text}\n".encode())
    except OSError as error:
        raise NoKey(f"the admin’s token cannot be kept in {file}: {error.strerror}") from None
    return file
