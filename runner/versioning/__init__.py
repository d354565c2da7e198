"""What the code and the data are: git says the one, DVC's formats the other."""
