"""One function per command; each reads as the data flow."""
