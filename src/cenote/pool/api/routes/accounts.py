"""Users, groups, and their limits."""

from __future__ import annotations

from fastapi import APIRouter

from cenote.pool.api.authentication import EVERYBODY, Me, only
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import GroupOut, LimitsIO, Membership, MeOut, Name, UserChange, UserIn, UserOut
from cenote.pool.models import Role
from cenote.pool.queue import Limits

router = APIRouter(tags=["accounts"])

_ADMINS = only(Role.ADMIN)
_PEOPLE = only(Role.ADMIN, Role.USER, Role.VIEWER)


@router.get("/me", **only(*EVERYBODY))
async def me(me: Me) -> MeOut:
    """Whose token this is."""
    return MeOut.model_validate(me, from_attributes=True)


@router.get("/users", **_PEOPLE)
async def list_users(me: Me, run: Run) -> list[UserOut]:
    """All users for admins and viewers, else you alone."""
    views = await run.threads.read(run.services.accounts.users, me)
    return [UserOut.model_validate(view) for view in views]


@router.post("/users", status_code=201, **_ADMINS)
async def create_user(body: UserIn, me: Me, run: Run) -> UserOut:
    """A new user, without a token yet."""
    create = run.services.accounts.create_user
    view = await run.threads.write(create, me, body.name, body.role, body.group, _limits(body.limits))
    return UserOut.model_validate(view)


@router.patch("/users/{user}", **_ADMINS)
async def change_user(user: Name, body: UserChange, me: Me, run: Run) -> UserOut:
    """Changes what is given. The tokens of a user who is not active do not work, and what they have borrowed ends."""
    limits = None if body.limits is None else _limits(body.limits)
    change = run.services.accounts.change_user
    view = await run.threads.write(change, me, user, role=body.role, limits=limits, active=body.active)
    run.gatekeeper.forget()
    return UserOut.model_validate(view)


@router.put("/users/{user}/group", **_ADMINS)
async def put_in_group(user: Name, body: Membership, me: Me, run: Run) -> UserOut:
    """Puts a user into a group, or into none."""
    view = await run.threads.write(run.services.accounts.put_in_group, me, user, body.group)
    return UserOut.model_validate(view)


@router.get("/groups", **_PEOPLE)
async def list_groups(me: Me, run: Run) -> list[GroupOut]:
    """All groups for admins and viewers, else your own."""
    views = await run.threads.read(run.services.accounts.groups, me)
    return [GroupOut.model_validate(view) for view in views]


@router.put("/groups/{group}", **_ADMINS)
async def put_group(group: Name, body: LimitsIO, me: Me, run: Run) -> GroupOut:
    """Makes a group, or changes its limits."""
    view = await run.threads.write(run.services.accounts.limit_group, me, group, _limits(body))
    return GroupOut.model_validate(view)


def _limits(limits: LimitsIO) -> Limits:
    return Limits(limits.devices, limits.memory)
