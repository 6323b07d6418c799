"""The OpenAPI document, made from the same records that serve requests."""
