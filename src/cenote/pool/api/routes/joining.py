"""How a server becomes one of the pool's."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from cenote.credentials import JoinCredential
from cenote.pool.api.authentication import Me, address, only
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import InvitationIn, InvitationOut, JoinIn, JoinOut
from cenote.pool.models import Role

router = APIRouter(tags=["joining"])


@router.post("/join-strings", status_code=201, **only(Role.ADMIN))
async def invite(body: InvitationIn, me: Me, run: Run, response: Response) -> InvitationOut:
    """A join string, for one server and one hour. It cannot be shown again."""
    invited = await run.threads.write(run.services.joining.invite, me, body.server)
    response.headers["Cache-Control"] = "no-store"
    site = run.services.site
    text = JoinCredential(site.managers, site.fingerprint, invited.secret).text
    return InvitationOut(text=text, expires_at=invited.expires_at)


@router.post("/join", openapi_extra={"x-roles": []})
async def join(body: JoinIn, run: Run, request: Request, response: Response) -> JoinOut:
    """Exchanges a join string's secret for a certificate and a token. No token is needed."""
    joining = run.services.joining
    await run.gatekeeper.look_up(joining.check, body.secret, address(request.scope))
    joined = await run.threads.write(joining.join, body.secret, body.name, body.request.encode())
    run.gatekeeper.forget()
    response.headers["Cache-Control"] = "no-store"
    return JoinOut(
        name=joined.name,
        certificate=joined.certificate.decode("ascii"),
        renew_at=joined.renew_at,
        authority=run.services.site.authority,
        token=joined.token,
    )
