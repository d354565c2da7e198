"""A program of its own: started by `client`, it shares no process with the rest of runner."""
