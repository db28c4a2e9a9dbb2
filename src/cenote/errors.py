"""What can go wrong, as one tree. Every message is a sentence for the user; every class has its exit code.

::

    CenoteError                  1   anything below, and what has no class of its own
    ├── Invalid                 64   what was asked for makes no sense
    │   └── Conflict            64   it would, but not as things are now
    ├── Unreachable             69   no server answers there
    ├── StoreFailed             74   the pool's database cannot be read or written now; nothing was changed
    ├── NoDevice                75   no device that fits is free, or there is none
    ├── Busy                    75   others are waiting for it
    ├── Throttled               75   too many attempts; later ones are heard again
    ├── ProtocolError           76   what answers there does not speak our protocol
    │   └── WrongVersion        76   it does, in a version that does not go with ours
    ├── NotAllowed              77   the key is wrong, or its user may not do this
    │   ├── NoKey               77   there is no usable key
    │   ├── WrongToken          77   nobody has this token, or nobody any more
    │   ├── NotFound            77   there is no such thing, or none that this user may see
    │   └── OverQuota           77   more than the user or group may ever hold
    ├── WrongSetting            78   a setting has a wrong name or value, or its file cannot be used
    ├── CannotExecute          126   the program is there but cannot be run
    │   └── NoProgram          127   there is no such program
    ├── CannotListen             1   the address is taken or not ours
    └── NoDriver                 1   this machine has nothing to lend, or no way to reach it
"""

from __future__ import annotations


class CenoteError(Exception):
    exit_code = 1


class Invalid(CenoteError):
    exit_code = 64


class Conflict(Invalid):
    pass


class Unreachable(CenoteError):
    exit_code = 69


class StoreFailed(CenoteError):
    exit_code = 74


class NoDevice(CenoteError):
    exit_code = 75


class Busy(CenoteError):
    exit_code = 75


class Throttled(CenoteError):
    """``seconds`` is when to try again."""

    exit_code = 75

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class ProtocolError(CenoteError):
    exit_code = 76


class WrongVersion(ProtocolError):
    pass


class NotAllowed(CenoteError):
    exit_code = 77


class NoKey(NotAllowed):
    pass


class WrongToken(NotAllowed):
    pass


class NotFound(NotAllowed):
    pass


class OverQuota(NotAllowed):
    pass


class WrongSetting(CenoteError):
    exit_code = 78


class CannotExecute(CenoteError):
    exit_code = 126


class NoProgram(CannotExecute):
    exit_code = 127


class CannotListen(CenoteError):
    pass


class NoDriver(CenoteError):
    pass
