"""Tokens: what users and servers show to be known."""

from __future__ import annotations

from fastapi import APIRouter, Response

from cenote.credentials import TokenCredential
from cenote.pool.api.authentication import EVERYBODY, Me, only
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import NewTokenOut, TokenId, TokenIn, TokenOut

router = APIRouter(tags=["tokens"])


@router.get("/tokens", **only(*EVERYBODY))
async def list_tokens(me: Me, run: Run) -> list[TokenOut]:
    """Your tokens, everybody's for admins; never their text."""
    views = await run.threads.read(run.services.accounts.tokens, me)
    return [TokenOut.model_validate(view) for view in views]


@router.post("/tokens", status_code=201, **only(*EVERYBODY))
async def create_token(body: TokenIn, me: Me, run: Run, response: Response) -> NewTokenOut:
    """A new token for yourself; admins may make them for others. It cannot be shown again."""
    issue = run.services.accounts.issue_token
    new = await run.threads.write(issue, me, body.user or me.name, body.label, body.lifetime)
    response.headers["Cache-Control"] = "no-store"
    site = run.services.site
    text = TokenCredential(site.managers, site.fingerprint, new.text).text
    return NewTokenOut(id=new.id, token=new.text, text=text, expires_at=new.expires_at)


@router.delete("/tokens/{token}", status_code=204, **only(*EVERYBODY))
async def revoke_token(token: TokenId, me: Me, run: Run) -> None:
    """From now on it does not work, with other managers of the pool within a second. What was borrowed by it ends."""
    await run.threads.write(run.services.accounts.revoke, me, token)
    run.gatekeeper.forget()
