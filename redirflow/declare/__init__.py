"""What authors write: frozen promises about operations, parameters and responses."""
