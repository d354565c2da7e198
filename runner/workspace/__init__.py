"""Facts about the project's folder: locks between runs, parameter files, metric files."""
