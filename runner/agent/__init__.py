"""One attempt of a step: what is set up before its command, and what is made of its end."""
