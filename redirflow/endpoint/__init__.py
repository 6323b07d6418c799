"""One operation, compiled: from a request to arguments, from a result to a response."""
