"""In what commands run: one module per kind of environment, each satisfying `ports.Environment`.

`system` is the host as it is; `virtualenv` (with its siblings `virtualenv_*`) is made by uv from
a lock with hashes. What they share is `interpreters`: which Python an executable is. They live
under a folder of the user's cache and are found again by env_id.
"""
