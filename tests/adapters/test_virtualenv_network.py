"""An index behind a login, on loopback: what is kept of it, and what happens without it."""

from __future__ import annotations

import base64
import functools
import http.server
import threading

import pytest

from runner.core.model import EnvironmentSpec
from runner.environments.virtualenv import VirtualenvEnvironment
from runner.errors import EnvironmentFailure
from tests.adapters.wheels import Index, use

SPEC = EnvironmentSpec("default", "virtualenv", "python_env.yaml")
LOGIN = "someone:hunter2"


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Serves a folder to those who log in."""

    def do_GET(self):
        expected = "Basic " + base64.b64encode(LOGIN.encode()).decode()
        if self.headers.get("Authorization") == expected:
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_args):
        """Tests are silent."""


class Server:
    def __init__(self, index: Index) -> None:
        handler = functools.partial(Guarded, directory=str(index.folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def index(tmp_path):
    index = Index(tmp_path)
    index.add("one")
    index.add("two")
    return index


@pytest.fixture
def server(index, monkeypatch):
    server = Server(index)
    use(index, monkeypatch)
    monkeypatch.delenv("UV_CONFIG_FILE")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{LOGIN}@{server.address}")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "python_env.yaml").write_text("dependencies: [one]\n")
    return folder


def prepare(folder):
    told: list[str] = []
    return VirtualenvEnvironment().prepare(SPEC, folder, told.append), told


def test_the_login_to_an_index_is_kept_nowhere(folder, server, home):
    assert server.address
    prepared, told = prepare(folder)
    shown = repr(prepared) + repr(told)
    assert "hunter2" not in shown
    assert server.address not in shown
    ours = home / ".cache/runner"
    kept = [path for path in ours.rglob("*") if path.is_file() and ours / "uv" not in path.parents]
    assert len(kept) > 5
    for path in kept:
        assert b"hunter2" not in path.read_bytes(), path


def test_an_index_in_a_requirements_file_keeps_its_login_to_itself(
    folder, server, monkeypatch, home
):
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    option = f"--index-url http://{LOGIN}@{server.address}"
    (folder / "python_env.yaml").write_text(f"dependencies: ['{option}', one]\n")
    before = VirtualenvEnvironment().digest(SPEC, folder)
    for path in (home / ".cache/runner/locks").rglob("*.*"):
        assert b"hunter2" not in path.read_bytes(), path
    option = option.replace("someone", "another").replace("hunter2", "hunter3")
    (folder / "python_env.yaml").write_text(f"dependencies: ['{option}', one]\n")
    # Who asks is no part of what is asked for: the lock made before still holds.
    assert VirtualenvEnvironment().digest(SPEC, folder) == before


def test_an_unreachable_index_is_named_without_the_login(folder, server):
    server.stop()
    with pytest.raises(EnvironmentFailure) as failed:
        prepare(folder)
    assert "/one/" in failed.value.message
    assert server.address in failed.value.message
    assert "hunter2" not in failed.value.message
    assert "someone" not in failed.value.message
    assert "network" in failed.value.hint


def test_what_the_cache_holds_needs_no_network(folder, server):
    prepared, _ = prepare(folder)
    server.stop()
    environment = VirtualenvEnvironment()
    environment.remove(prepared.env_id)
    again, told = prepare(folder)
    assert again == prepared
    assert told == ["installing 1 packages for default"]


def test_a_new_specification_is_resolved_from_the_cache_and_says_so(folder, server):
    (folder / "python_env.yaml").write_text("dependencies: [one, two]\n")
    prepare(folder)
    server.stop()
    (folder / "python_env.yaml").write_text("dependencies: [two]\n")
    prepared, told = prepare(folder)
    assert [each["name"] for each in prepared.document["packages"]] == ["two"]
    assert "the index could not be reached: python_env.yaml is resolved from the cache" in told


def test_a_locked_package_that_cannot_be_fetched_is_named(folder, server, index):
    sha256 = index.publish("two")["two-1.0-py3-none-any.whl"]
    (folder / "python_env.lock").write_text(f"two==1.0 --hash=sha256:{sha256}\n")
    (folder / "python_env.yaml").write_text("dependencies: [two]\n")
    server.stop()
    with pytest.raises(EnvironmentFailure, match="/two/") as failed:
        prepare(folder)
    assert "hunter2" not in failed.value.message
