"""Run one command and print what it took: wall and CPU seconds, peak and tree bytes, exit code.

    python -I -S probe.py (plain | tree) OUTPUT FOLDER COMMAND ...

Why a process of its own: a child's `ru_maxrss` starts at the size its parent has when it is
spawned, so a big parent lends its own size to every child. This one has 8 MiB, imports next to
nothing, and so is the floor of what it can report. CPU and peak come from `wait4`: CPU of the
command and all it waited for, peak of the largest of those processes.

`tree` also samples the memory of the whole process tree, shared pages counted once (PSS). The
sampling takes time from the command on a small machine: such a run's times are not used.
"""

import os
import sys
import time

PAUSE = 0.005  # seconds between two samples of the tree


def children(pid: int) -> list[int]:
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass  # it ended meanwhile
    return found


def proportional_size(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass  # it ended meanwhile
    return 0


def tree_size(pid: int) -> int:
    pids = [pid]
    for known in pids:
        pids += children(known)
    return sum(proportional_size(known) for known in pids)


def main() -> None:
    mode, output, folder, *command = sys.argv[1:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.path.abspath(output), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    os.chdir(folder)
    tree = 0
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
    if mode == "tree":
        while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            tree = max(tree, tree_size(child))
            time.sleep(PAUSE)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, tree, code)


main()
