"""Where commands run: one module per engine, each a `ports.Executor`."""
