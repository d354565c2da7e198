"""What people and programs see: text on a terminal, JSON Lines, drawings."""
