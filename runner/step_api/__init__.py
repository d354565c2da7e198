"""The folder that goes last on a step's PYTHONPATH; steps see only the module inside."""
