"""Per request and per process: the runtime, streams and the lifespan protocol."""
