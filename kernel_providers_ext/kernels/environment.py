"""The environment variables of a remote kernel."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..provider.config import ProviderConfig


def kernel_environment(
    config: ProviderConfig, given: Mapping[str, str], secret: Collection[str]
) -> dict[str, str]:
    """
    Return the variables for a provider's kernel, as Jupyter Server's gateway client does.

    Args:
        config: The provider's configuration.
        given: All variables that there are.
        secret: The names of those that hold secrets, which no kernel gets.
    """
    env = {
        name: value
        for name, value in given.items()
        if (name.startswith("KERNEL_") or name in config.env) and name not in secret
    }
    if config.auth.user:
        env.setdefault("KERNEL_USERNAME", config.auth.user)
    if config.launch_timeout is not None:
        env.setdefault("KERNEL_LAUNCH_TIMEOUT", str(config.launch_timeout))
    return env
