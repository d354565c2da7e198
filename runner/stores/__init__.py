"""Where records are kept: plain files are the truth, an index over them finds them fast."""
