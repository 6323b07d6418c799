"""What redirflow costs, beside its peers and a function written by hand. See README.md."""
