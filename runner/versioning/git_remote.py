"""The address a repository came from, fit for a record: no credentials, no local folders."""

from __future__ import annotations

from runner.versioning.git_command import ask


def repo_url(folder: str, branch: str) -> str:
    """Give the remote's address: of the branch's remote, else origin, else the first one.

    The configuration is read as written: `insteadOf` may put a token into an address.
    """
    # A pattern without a match makes git exit 1; the version of the format is always there.
    pattern = r"^(core\.repositoryformatversion|remote\..*\.url|branch\..*\.remote)$"
    urls: dict[str, str] = {}
    followed = "origin"
    for entry in ask(folder, "config", "-z", "--get-regexp", pattern).decode().split("\0"):
        key, _, value = entry.partition("\n")
        if key.startswith("remote."):
            urls.setdefault(key[len("remote.") : -len(".url")], value)
        elif key == f"branch.{branch}.remote":
            followed = value
    url = urls.get(followed) or urls.get("origin") or next(iter(urls.values()), "")
    return without_credentials(url)


def without_credentials(url: str) -> str:
    """Strip user, password and query from an address; empty for a folder of this machine."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        host, colon, _ = url.partition(":")
        remote = bool(colon) and "/" not in host
        return url if remote else ""
    if scheme == "file":
        return ""
    rest = rest.partition("?")[0].partition("#")[0]
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    if at and scheme in ("ssh", "git+ssh"):
        host = f"{user.partition(':')[0]}@{host}"
    return f"{scheme}://{host}{slash}{path}"
