from __future__ import annotations

import json

from cenote.server.figures import LIMIT, fitting


def test_as_many_as_there_is_room_for() -> None:
    sessions = [{"allocation": f"{number:032x}", "sent": 1 << 40} for number in range(2000)]
    told = fitting(sessions)
    assert told["sessions"] == sessions[: len(told["sessions"])] and 0 < told["more"] < 2000
    assert LIMIT - 200 < len(json.dumps(told["sessions"])) <= LIMIT
    assert len(told["sessions"]) + told["more"] == 2000
    assert fitting(sessions[:3]) == {"sessions": sessions[:3], "more": 0}
