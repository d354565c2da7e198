"""Who descends from whom, and how to end all of them, read from /proc.

Only built-in modules: the small program that starts the steps imports this.
"""

import posix
import sys

ON_LINUX = sys.platform == "linux"
SIGKILL, SIGTERM = 9, 15
SIGCONT, SIGSTOP = (18, 19) if ON_LINUX else (19, 17)

CHUNK = 1 << 16
# How often `kill` looks again for what was forked meanwhile: far more than it ever takes.
PASSES = 100
OWN_CHILDREN = "/proc/thread-self/children"
LISTED = posix.access(OWN_CHILDREN, posix.R_OK)
# Fields of /proc/<pid>/stat, counted after the name in brackets, which may hold anything.
PARENT, SESSION = 1, 3


def children(pid: int) -> list[int]:
    """Give the direct children of a process, whichever of its threads started them."""
    if not LISTED:
        return _children_by_parent(pid)
    found: list[int] = []
    try:
        threads = posix.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        listed = _read(f"/proc/{pid}/task/{thread}/children")
        found += map(int, (listed or b"").split())
    return found


def own_children() -> list[int]:
    """Give the children of this process, which has one thread."""
    listed = _read(OWN_CHILDREN)
    return list(map(int, listed.split())) if listed is not None else children(posix.getpid())


def processes() -> list[int]:
    """Give every process there is."""
    try:
        return [int(name) for name in posix.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def session(pid: int) -> int:
    """Give the session a process belongs to; 0 when it is gone."""
    fields = _stat(pid)
    return int(fields[SESSION]) if fields else 0


def environment(pid: int) -> list[bytes]:
    """Give the `NAME=value` texts a process was started with; none when they are not ours."""
    return (_read(f"/proc/{pid}/environ") or b"").split(b"\0")


def descendants(roots: list[int]) -> list[int]:
    """Give the processes and all that descend from them, parents first."""
    found = list(dict.fromkeys(roots))
    known = set(found)
    for pid in found:  # grows while it is walked
        new = [child for child in children(pid) if child not in known]
        known.update(new)
        found += new
    return found


def ask_to_end(roots: list[int]) -> None:
    """Send SIGTERM to whole trees, waking what is stopped so that it can obey."""
    for pid in descendants(roots):
        tell(pid, SIGTERM)
        tell(pid, SIGCONT)


def kill(roots: list[int]) -> None:
    """Kill whole trees. All are stopped first, so that none can fork its way out."""
    stopped: set[int] = set()
    for _ in range(PASSES):
        new = [pid for pid in descendants(roots) if pid not in stopped]
        if not new:
            break
        for pid in new:
            tell(pid, SIGSTOP)
        stopped.update(new)
    for pid in stopped:
        tell(pid, SIGKILL)


def tell(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone, or not ours."""
    try:
        posix.kill(pid, number)
    except OSError:
        return


def _children_by_parent(pid: int) -> list[int]:
    """Find children the slow way, on kernels that do not list them."""
    found = []
    for other in processes():
        fields = _stat(other)
        if fields and int(fields[PARENT]) == pid:
            found.append(other)
    return found


def _stat(pid: int) -> list[bytes]:
    content = _read(f"/proc/{pid}/stat")
    return content.rpartition(b")")[2].split() if content else []


def _read(path: str) -> bytes | None:
    try:
        source = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return None
    try:
        content = piece = posix.read(source, CHUNK)
        while piece:
            piece = posix.read(source, CHUNK)
            content += piece
    except OSError:
        return None
    finally:
        posix.close(source)
    return content
