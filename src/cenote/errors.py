"""What can go wrong, as one tree. Every message is a sentence for the user; every class has its exit code.

::

    CenoteError                  1   anything below, and what has no class of its own
    ├── Unreachable             69   no server answers there
    ├── NoDevice                75   the server has no device that fits
    ├── ProtocolError           76   what answers there does not speak our protocol
    │   └── WrongVersion        76   it does, in a version that does not go with ours
    ├── NotAllowed              77   the key is wrong
    │   └── NoKey               77   there is no usable key
    ├── WrongSetting            78   a setting has a wrong name or value, or its file cannot be used
    ├── CannotExecute          126   the program is there but cannot be run
    │   └── NoProgram          127   there is no such program
    ├── CannotListen             1   the address is taken or not ours
    └── NoDriver                 1   this machine has nothing to lend, or no way to reach it
"""

from __future__ import annotations


class CenoteError(Exception):
    exit_code = 1


class Unreachable(CenoteError):
    exit_code = 69


class NoDevice(CenoteError):
    exit_code = 75


class ProtocolError(CenoteError):
    exit_code = 76


class WrongVersion(ProtocolError):
    pass


class NotAllowed(CenoteError):
    exit_code = 77


class NoKey(NotAllowed):
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
