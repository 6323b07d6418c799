"""The docs page: what people read of an app, written at start-up from its document."""
