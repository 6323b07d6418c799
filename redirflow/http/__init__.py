"""The vocabulary of HTTP: what travels, with no knowledge of any app."""
