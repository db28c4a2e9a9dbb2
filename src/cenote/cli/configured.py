"""Settings as options of commands."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Annotated, Any

import typer

from cenote import config

Command = Callable[..., None]


def configured(*names: str) -> Callable[[Command], Command]:
    """Gives a command the options of these settings. Its ``settings`` are what all layers together say."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_settings(**given: Any) -> None:
            flags = {name: given.pop(_parameter(name)) for name in names}
            texts = {name: [flag] if isinstance(flag, str) else flag or [] for name, flag in flags.items()}
            settings = config.load(texts)
            config.pass_on(settings)
            command(settings=settings, **given)

        own = [one for one in inspect.signature(command, eval_str=True).parameters.values() if one.name != "settings"]
        parameters = [_option(name) for name in names] + [one.replace(kind=Parameter.KEYWORD_ONLY) for one in own]
        with_settings.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return with_settings

    return decorate


def _parameter(name: str) -> str:
    return name.replace(".", "_")


def _option(name: str) -> Parameter:
    setting = config.SETTINGS[name]
    default = f"default: {setting.default}, " if setting.default else ""
    info = typer.Option(
        *filter(None, (config.option(name), setting.short)),
        metavar=setting.kind.metavar,
        help=f"{setting.help} ({default}variable: {config.variable(name)})",
        show_default=False,
    )
    kind: Any = list[str] if setting.several else str | None
    empty: Any = [] if setting.several else None
    return Parameter(_parameter(name), Parameter.KEYWORD_ONLY, default=empty, annotation=Annotated[kind, info])
