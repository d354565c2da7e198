"""What every test gets: a home of its own, and no way to reach the real one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

# The same examples every time, however slow the machine is: a red suite means a change.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

KEPT = ("PATH", "LANG", "LC_ALL", "TERM", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
INDEX_SETTINGS = ("UV_", "PIP_", "REQUESTS_CA", "CURL_CA", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME with a git identity; nothing of the caller's settings but PATH and indexes."""
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        kept = name in KEPT or name.upper().startswith((*INDEX_SETTINGS, "PYTEST"))
        if not kept:
            monkeypatch.delenv(name)
    git_config = folder / ".gitconfig"
    git_config.write_text(
        "[user]\n\tname = Test\n\temail = test@example.org\n"
        '[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n[gc]\n\tauto = 0\n'
    )
    settings = {
        "HOME": folder,
        "XDG_CONFIG_HOME": folder / ".config",
        "XDG_CACHE_HOME": folder / ".cache",
        "XDG_DATA_HOME": folder / ".local/share",
        "RUNNER_HOME": folder / ".cache/runner",
        "GIT_CONFIG_GLOBAL": git_config,
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": folder / ".cache/dvc-site",
        "DVC_GLOBAL_CONFIG_DIR": folder / ".config/dvc",
        "DVC_SYSTEM_CONFIG_DIR": folder / "etc/dvc",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    return folder
