from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from cenote.credentials import read_join, read_token
from cenote.pool.authority import signing_request
from cenote.pool.models import Role
from tests.support.api import MANAGERS, Api
from tests.support.pool import GIB, Clock


def test_users_and_groups(api: Api, admin: str) -> None:
    assert api.send("PUT", "/groups/lab", admin, json={"devices": 4}).json() == {
        "name": "lab",
        "limits": {"devices": 4, "memory": None},
    }
    made = api.send("POST", "/users", admin, json={"name": "ben", "group": "lab", "limits": {"memory": GIB}})
    assert made.status_code == 201
    assert made.json() == {
        "name": "ben",
        "role": "user",
        "group": "lab",
        "limits": {"devices": None, "memory": GIB},
        "active": True,
    }
    assert api.send("POST", "/users", admin, json={"name": "ben"}).json()["code"] == "conflict"
    assert api.send("POST", "/users", admin, json={"name": "cy", "group": "none"}).status_code == 422
    changed = api.send("PATCH", "/users/ben", admin, json={"role": "viewer"}).json()
    assert (changed["role"], changed["limits"]["memory"]) == ("viewer", GIB)
    assert api.send("PUT", "/users/ben/group", admin, json={"group": None}).json()["group"] is None
    assert api.send("PATCH", "/users/cy", admin, json={"active": False}).status_code == 404
    refused = api.send("PATCH", "/users/root", admin, json={"active": False})
    assert refused.json()["detail"] == "the pool would be left without an admin"
    assert [user["name"] for user in api.send("GET", "/users", admin).json()] == ["ben", "root"]
    assert [group["name"] for group in api.send("GET", "/groups", admin).json()] == ["lab"]


def test_users_see_themselves(api: Api, admin: str, ann: str) -> None:
    assert api.send("GET", "/me", ann).json() == {"name": "ann", "role": "user"}
    assert [user["name"] for user in api.send("GET", "/users", ann).json()] == ["ann"]
    api.send("PUT", "/groups/lab", admin, json={})
    api.send("PUT", "/groups/other", admin, json={})
    assert api.send("GET", "/groups", ann).json() == []
    api.send("PUT", "/users/ann/group", admin, json={"group": "lab"})
    assert [group["name"] for group in api.send("GET", "/groups", ann).json()] == ["lab"]


def test_tokens(api: Api, ann: str, admin: str, clock: Clock) -> None:
    new = api.send("POST", "/tokens", ann, json={"label": "laptop", "lifetime": 60})
    assert new.status_code == 201 and new.headers["cache-control"] == "no-store"
    credential = read_token(new.json()["text"])
    assert credential.managers == MANAGERS and credential.token == new.json()["token"]
    assert credential.ca == api.runtime.services.certificates.authority.fingerprint
    assert api.send("GET", "/me", credential.token).json()["name"] == "ann"
    listed = api.send("GET", "/tokens", ann)
    assert [one["label"] for one in listed.json()] == ["", "laptop"]
    assert credential.token.rpartition("-")[2] not in listed.text
    clock.pass_by(60)
    assert api.send("GET", "/me", credential.token).status_code == 401
    assert api.send("POST", "/tokens", ann, json={"user": "root"}).status_code == 403
    theirs = api.send("POST", "/tokens", admin, json={"user": "ann"}).json()
    assert api.send("GET", "/me", theirs["token"]).status_code == 200
    assert api.send("DELETE", f"/tokens/{theirs['id']}", api.token("ben")).status_code == 404
    assert api.send("DELETE", f"/tokens/{theirs['id']}", ann).status_code == 204
    assert api.send("GET", "/me", theirs["token"]).status_code == 401


def test_who_is_no_longer_active_is_not_let_in(api: Api, admin: str, ann: str) -> None:
    assert api.send("GET", "/me", ann).status_code == 200
    api.send("PATCH", "/users/ann", admin, json={"active": False})
    assert api.send("GET", "/me", ann).status_code == 401


def test_the_audit_log(api: Api, admin: str) -> None:
    for name in ("a", "b", "c"):
        api.send("PUT", f"/groups/{name}", admin, json={"devices": 1})
    entries = api.send("GET", "/audit?limit=2", admin).json()
    assert [(entry["actor"], entry["action"], entry["subject"]) for entry in entries] == [
        ("root", "group.limit", "c"),
        ("root", "group.limit", "b"),
    ]
    assert entries[0]["detail"] == {"max_devices": 1, "max_memory": None}
    (older,) = api.send("GET", f"/audit?limit=1&before={entries[-1]['id']}", admin).json()
    assert older["subject"] == "a"


@pytest.fixture
def request_(tmp_path: Path) -> str:
    return signing_request(tmp_path / "server.key").decode()


def test_joining(api: Api, admin: str, request_: str, clock: Clock) -> None:
    invited = api.send("POST", "/join-strings", admin, json={})
    assert invited.status_code == 201 and invited.json()["expires_at"] == clock.wall + 3600
    credential = read_join(invited.json()["text"])
    assert credential.managers == MANAGERS
    wanted = {"secret": credential.secret, "name": "gpu1", "request": request_}
    bad = api.send("POST", "/join", json=wanted | {"request": "none"})
    assert bad.status_code == 422, "and the secret is still good"
    joined = api.send("POST", "/join", json=wanted)
    assert joined.status_code == 200 and joined.json()["name"] == "gpu1"
    certificate = x509.load_pem_x509_certificate(joined.json()["certificate"].encode())
    authority = x509.load_pem_x509_certificate(joined.json()["authority"].encode())
    certificate.verify_directly_issued_by(authority)
    token = joined.json()["token"]
    assert api.send("GET", "/me", token).json() == {"name": "gpu1", "role": "server"}
    again = api.send("POST", "/join", json=wanted | {"name": "gpu2"})
    assert (again.status_code, again.json()["code"]) == (401, "wrong-token")
    assert credential.secret not in str(api.manager.accounts.audit(api.manager.accounts.who(admin)))
    # The name is taken, but for who is invited by it; then what it had before does not count any more.
    free = read_join(api.send("POST", "/join-strings", admin, json={}).json()["text"]).secret
    assert api.send("POST", "/join", json=wanted | {"secret": free}).json()["code"] == "conflict"
    assert api.send("POST", "/join", json=wanted | {"secret": free, "name": "root"}).json()["code"] == "conflict"
    named = read_join(api.send("POST", "/join-strings", admin, json={"server": "gpu1"}).json()["text"]).secret
    assert api.send("POST", "/join", json=wanted | {"secret": named, "name": "gpu3"}).json()["code"] == "conflict"
    anew = api.send("POST", "/join", json=wanted | {"secret": named})
    assert anew.status_code == 200
    assert api.send("GET", "/me", token).status_code == 401
    assert api.send("GET", "/me", anew.json()["token"]).status_code == 200


def test_a_join_string_lasts_for_an_hour(api: Api, admin: str, request_: str, clock: Clock) -> None:
    secret = read_join(api.send("POST", "/join-strings", admin, json={}).json()["text"]).secret
    clock.pass_by(3600)
    late = api.send("POST", "/join", json={"secret": secret, "name": "gpu1", "request": request_})
    assert late.status_code == 401


def test_a_user_takes_no_servers_place(api: Api, admin: str, request_: str) -> None:
    api.token("gpu1", Role.USER)
    secret = read_join(api.send("POST", "/join-strings", admin, json={"server": "gpu1"}).json()["text"]).secret
    answer = api.send("POST", "/join", json={"secret": secret, "name": "gpu1", "request": request_})
    assert answer.json()["code"] == "conflict"
