"""The loop: what may start? Start it, wait, tell the schedule; every turn is an event."""
