"""From a path and a method to what serves them."""
